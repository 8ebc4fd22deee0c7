namespace Zcrx.Benchmarks.Loop;

/// <summary>Counts bytes like <see cref="CountingObserver"/>, but receives a span instead of a borrowed buffer.</summary>
internal sealed class CountingSink : ISink
{
    public long Bytes { get; private set; }

    public void OnNext(ReadOnlySpan<byte> bytes) => Bytes += bytes.Length;
}
