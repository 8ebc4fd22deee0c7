namespace Zcrx.Fuzz;

/// <summary>Represents the result of a run of one parser.</summary>
/// <param name="Inputs">The number of inputs that were run.</param>
/// <param name="Kept">The number of inputs in the corpus at the end. These are the seeds, and the inputs that reached new code.</param>
/// <param name="Failure">The exception with which an input failed, or null.</param>
/// <param name="Input">The input that failed.</param>
internal sealed record FuzzResult(long Inputs, int Kept, Exception? Failure, byte[]? Input);
