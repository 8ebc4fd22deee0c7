namespace Zcrx.Benchmarks.Loop;

/// <summary>Represents the results of the micro-benchmark, per buffer.</summary>
/// <param name="RunLength">Buffers of one connection in a row.</param>
/// <param name="Nanoseconds">Through the product.</param>
/// <param name="BareNanoseconds">Through the bare loop.</param>
/// <param name="AllocatedBytes">By the product.</param>
internal sealed record LoopResult(int RunLength, double Nanoseconds, double BareNanoseconds, double AllocatedBytes)
{
    public double Ratio => Nanoseconds / BareNanoseconds;
}
