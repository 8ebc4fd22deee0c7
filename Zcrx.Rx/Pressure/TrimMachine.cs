namespace Zcrx.Rx.Pressure;

/// <summary>
/// Decides when the memory of added areas is given back: when all leases have fitted into the first area for some time.
/// </summary>
/// <remarks>Does no I/O. Ring thread only.</remarks>
/// <param name="delay">How long the first area must have sufficed, in ticks of the queue's clock.</param>
internal sealed class TrimMachine(long delay)
{
    private const long Never = long.MaxValue;

    /// <summary>Gets the time of the next decision; <see cref="long.MaxValue"/> for a pool that has not grown.</summary>
    public long Due { get; private set; } = Never;

    /// <summary>Compares the leases with the first area, and decides.</summary>
    /// <param name="now">The time.</param>
    /// <param name="first">The number of buffers in the first area.</param>
    /// <param name="buffers">The number of buffers in all areas.</param>
    /// <param name="used">The number of leased buffers.</param>
    /// <returns>True when the memory of the added areas is to be given back now.</returns>
    public bool Observe(long now, int first, int buffers, int used)
    {
        if (buffers == first)
        {
            Due = Never;
            return false;
        }

        if (Due == Never || used > first)
        {
            Due = now + delay;
            return false;
        }

        if (now < Due)
        {
            return false;
        }

        // A burst between two calls can use the added areas without being observed. Their memory is therefore given back again after each
        // delay.
        Due = now + delay;
        return true;
    }
}
