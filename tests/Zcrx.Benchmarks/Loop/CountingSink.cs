namespace Zcrx.Benchmarks.Loop;

/// <summary>Counts bytes: what <see cref="CountingObserver"/> does, without a loan.</summary>
internal sealed class CountingSink : ISink
{
    public long Bytes { get; private set; }

    public void OnNext(ReadOnlySpan<byte> bytes) => Bytes += bytes.Length;
}
