namespace Zcrx.Rx.Ring;

/// <summary>Represents work that another thread has posted to the ring thread.</summary>
/// <param name="Run">Called on the ring thread to do the work.</param>
/// <param name="Refuse">Called instead if the ring thread has ended, on the thread that notices this; null for no call.</param>
internal readonly record struct RingWork(Action Run, Action? Refuse);
