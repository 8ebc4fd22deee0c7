namespace Zcrx.Rx;

/// <summary>A queue's pool has grown, or could not.</summary>
/// <param name="Queue">The queue's name.</param>
/// <param name="Buffers">Buffers in the pool from now on.</param>
/// <param name="Error">Null when it grew; otherwise why not, and then it is not tried again.</param>
/// <param name="Time">When.</param>
public sealed record PoolGrowth(string Queue, int Buffers, Exception? Error, DateTimeOffset Time);
