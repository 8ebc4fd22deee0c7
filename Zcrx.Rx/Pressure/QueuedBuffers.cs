namespace Zcrx.Rx;

/// <summary>Represents the buffers of a pool that wait in operators such as <c>Process</c>, and the bounds of these operators.</summary>
/// <param name="Buffers">
/// The number of leased buffers that wait in operators. Frames may share buffers, so a connection
/// counts for at most the buffers that it leases.
/// </param>
/// <param name="Queues">The number of operators with waiting items.</param>
/// <param name="Allowed">The number of items that may wait in these operators together.</param>
/// <param name="BoundName">
/// The name of the parameter that sets the bound of most of these operators: <c>maxQueued</c> or <c>maxUnacknowledged</c>.
/// </param>
public sealed record QueuedBuffers(int Buffers, int Queues, long Allowed, string BoundName)
{
    // Half of the pool is the default low water mark.
    private const int ShareOfPool = 2;

    /// <summary>Returns the bound with which the operators together leave half of a pool free.</summary>
    /// <param name="buffers">The number of buffers in the pool.</param>
    public int BoundFor(int buffers) => int.Max(1, buffers / (ShareOfPool * int.Max(1, Queues)));
}
