namespace Zcrx.Interop.Kernel;

/// <summary>Limits the number of threads that spin at the same time. A thread must take a slot before it spins. Thread-safe.</summary>
/// <param name="most">The largest number of threads.</param>
internal sealed class SpinSlots(int most)
{
    private int _used;

    /// <summary>
    /// Gets the slots of the process, one for every two processors. A thread that spins on the only processor would delay the thread that
    /// it waits for.
    /// </summary>
    public static SpinSlots OfProcess { get; } = ForProcessors(Environment.ProcessorCount);

    /// <summary>Creates the slots for a number of processors.</summary>
    public static SpinSlots ForProcessors(int processors) => new(processors / 2);

    /// <summary>Takes a slot. Returns false if none is free.</summary>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _used) <= most)
        {
            return true;
        }

        Return();
        return false;
    }

    /// <summary>Returns a slot.</summary>
    public void Return() => Interlocked.Decrement(ref _used);
}
