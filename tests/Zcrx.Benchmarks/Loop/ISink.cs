namespace Zcrx.Benchmarks.Loop;

/// <summary>Receives the bytes of the bare loop. It is called through an interface, as an observer is.</summary>
internal interface ISink
{
    /// <summary>One buffer's bytes, valid until this returns.</summary>
    void OnNext(ReadOnlySpan<byte> bytes);
}
