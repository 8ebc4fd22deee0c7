namespace Zcrx.Simulation;

/// <summary>Represents a move that was requested.</summary>
internal sealed record PendingMove(SimulatedConnection Connection, SimulatedQueue Target, Task<bool> Done);
