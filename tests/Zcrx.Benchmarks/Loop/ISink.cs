namespace Zcrx.Benchmarks.Loop;

/// <summary>Who gets the bytes from the bare loop: called through an interface, as an observer is.</summary>
internal interface ISink
{
    /// <summary>One buffer's bytes, valid until this returns.</summary>
    void OnNext(ReadOnlySpan<byte> bytes);
}
