namespace Zcrx.Rx;

/// <summary>The state of a queue's pool when its level changed.</summary>
/// <param name="Queue">The queue's name.</param>
/// <param name="Level">The level from now on.</param>
/// <param name="BuffersOut">Buffers that consumers hold.</param>
/// <param name="Buffers">Buffers in the pool.</param>
/// <param name="PausedConnections">Connections that receive nothing until there is room.</param>
/// <param name="Time">When it changed.</param>
public sealed record PoolPressure(string Queue, PoolPressureLevel Level, int BuffersOut, int Buffers, int PausedConnections, DateTimeOffset Time);
