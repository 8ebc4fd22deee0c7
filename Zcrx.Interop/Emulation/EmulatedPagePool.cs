namespace Zcrx.Interop.Emulation;

/// <summary>
/// Represents the page pool of an RX queue that receives into an interface queue's memory. The pool takes buffers from the refill ring. If
/// the ring is empty, it takes them from the free lists of the areas.
/// </summary>
/// <remarks>Guarded by the lock of the queue. As in the kernel, buffers of the pool are not available for copies.</remarks>
internal sealed class EmulatedPagePool(EmulatedInterfaceQueue queue)
{
    // The kernel's PP_ALLOC_CACHE_REFILL: the number of buffers that a page pool takes at once.
    private const int Batch = 64;

    private readonly (EmulatedArea Area, int Buffer)[] _cache = new (EmulatedArea, int)[Batch];

    /// <summary>Gets the number of buffers in the pool.</summary>
    public int Count { get; private set; }

    /// <summary>Fills an empty pool from the refill ring and the free lists. Returns whether a buffer is available.</summary>
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

    /// <summary>
    /// Returns the buffer that is taken next after <paramref name="ahead"/> others. The buffer that was added last is taken first.
    /// </summary>
    public (EmulatedArea Area, int Buffer) Peek(int ahead) => _cache[Count - 1 - ahead];

    /// <summary>Takes the next buffer.</summary>
    public (EmulatedArea Area, int Buffer) Take() => _cache[--Count];

    public void Add(EmulatedArea area, int buffer) => _cache[Count++] = (area, buffer);
}
