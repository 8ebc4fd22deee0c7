namespace Zcrx.Rx.Loop;

/// <summary>Something to do on the ring's thread.</summary>
/// <param name="Run">What.</param>
/// <param name="Refuse">What to do instead once the loop has ended, on whichever thread notices; null for nothing.</param>
internal readonly record struct LoopCommand(Action Run, Action? Refuse);
