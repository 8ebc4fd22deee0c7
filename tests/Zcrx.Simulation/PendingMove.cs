namespace Zcrx.Simulation;

/// <summary>Represents a requested move.</summary>
internal sealed record PendingMove(SimulatedConnection Connection, SimulatedQueue Target, Task<bool> Done);
