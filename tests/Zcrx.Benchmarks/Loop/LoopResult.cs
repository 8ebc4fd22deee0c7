namespace Zcrx.Benchmarks.Loop;

/// <summary>Represents the results of the loop benchmark. All values are per buffer.</summary>
/// <param name="RunLength">The number of consecutive buffers that belong to one connection.</param>
/// <param name="Nanoseconds">The time through the product.</param>
/// <param name="BareNanoseconds">The time through the bare loop.</param>
/// <param name="AllocatedBytes">The bytes that the product allocated.</param>
internal sealed record LoopResult(int RunLength, double Nanoseconds, double BareNanoseconds, double AllocatedBytes)
{
    public double Ratio => Nanoseconds / BareNanoseconds;
}
