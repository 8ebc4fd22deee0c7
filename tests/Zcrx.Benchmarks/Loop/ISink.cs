namespace Zcrx.Benchmarks.Loop;

/// <summary>
/// Receives bytes from the loop without the product's code. It is an interface, because the product calls its observers through one, too.
/// </summary>
internal interface ISink
{
    /// <summary>Receives the bytes of one buffer, which are valid until the method returns.</summary>
    void OnNext(ReadOnlySpan<byte> bytes);
}
