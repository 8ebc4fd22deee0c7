namespace Zcrx.Interop.Emulation;

/// <summary>The page pool of an RX queue whose memory an interface queue provides: it takes from the refill ring first and from the areas' free lists after.</summary>
/// <remarks>Guarded by the lock of the queue. What it has taken is not free for copies any more, as in the kernel.</remarks>
internal sealed class EmulatedPagePool(EmulatedInterfaceQueue queue)
{
    // PP_ALLOC_CACHE_REFILL of the kernel's page pool.
    private const int Batch = 64;

    private readonly (EmulatedArea Area, int Buffer)[] _cache = new (EmulatedArea, int)[Batch];

    /// <summary>Buffers at hand.</summary>
    public int Count { get; private set; }

    /// <summary>Whether there is a buffer to be had, if need be from the refill ring or a free list.</summary>
    public bool Fill()
    {
        if (Count > 0)
        {
            return true;
        }

        queue.Refill(this, Batch);
        if (Count == 0)
        {
            foreach (EmulatedArea area in queue.Areas)
            {
                while (Count < Batch && area.FreeCount > 0)
                {
                    Add(area, area.TakeForPool());
                }
            }
        }

        return Count > 0;
    }

    /// <summary>The buffer that would be taken after so many others: last in, first out.</summary>
    public (EmulatedArea Area, int Buffer) Peek(int ahead) => _cache[Count - 1 - ahead];

    /// <summary>Takes the next buffer.</summary>
    public (EmulatedArea Area, int Buffer) Take() => _cache[--Count];

    public void Add(EmulatedArea area, int buffer) => _cache[Count++] = (area, buffer);
}
