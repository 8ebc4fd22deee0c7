namespace Zcrx.Benchmarks.Loop;

/// <summary>Counts bytes like <see cref="CountingObserver"/>, but without a borrow.</summary>
internal sealed class CountingSink : ISink
{
    public long Bytes { get; private set; }

    public void OnNext(ReadOnlySpan<byte> bytes) => Bytes += bytes.Length;
}
