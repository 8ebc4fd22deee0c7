namespace Zcrx.Benchmarks.Loop;

/// <summary>Receives the bytes of the bare loop. The loop calls it through an interface, as the product calls an observer.</summary>
internal interface ISink
{
    /// <summary>Receives the bytes of one buffer, which are valid until the method returns.</summary>
    void OnNext(ReadOnlySpan<byte> bytes);
}
