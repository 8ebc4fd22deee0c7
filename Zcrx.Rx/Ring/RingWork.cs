namespace Zcrx.Rx.Ring;

/// <summary>Represents work for the ring thread.</summary>
/// <param name="Run">The work.</param>
/// <param name="Refuse">Runs instead if the ring thread has ended, on the thread that detects the end; null for nothing.</param>
internal readonly record struct RingWork(Action Run, Action? Refuse);
