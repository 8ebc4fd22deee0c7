namespace Zcrx.Benchmarks.Loop;

/// <summary>Receives the bytes of the bare loop. It is called through an interface, as an observer is.</summary>
internal interface ISink
{
    /// <summary>Receives the bytes of one buffer, which are valid until the method returns.</summary>
    void OnNext(ReadOnlySpan<byte> bytes);
}
