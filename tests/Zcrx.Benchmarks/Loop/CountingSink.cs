namespace Zcrx.Benchmarks.Loop;

/// <summary>Counts bytes as <see cref="CountingObserver"/> does, but receives spans instead of borrowed buffers.</summary>
internal sealed class CountingSink : ISink
{
    public long Bytes { get; private set; }

    public void OnNext(ReadOnlySpan<byte> bytes) => Bytes += bytes.Length;
}
