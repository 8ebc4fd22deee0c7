namespace Zcrx.Interop;

/// <summary>Represents the source of a buffer. Operators in which buffers wait can pause the source.</summary>
/// <remarks>Threading: any thread.</remarks>
public interface IBufferSource
{
    /// <summary>
    /// Pauses the source until <see cref="Resume"/> was called once for each call of this method. Buffers that the kernel has already
    /// delivered still arrive.
    /// </summary>
    void Hold();

    /// <summary>Ends one <see cref="Hold"/>.</summary>
    void Resume();

    /// <summary>
    /// Records that a consumer has ended before it used all its buffers. Without another observer, the connection is reset, so that the
    /// peer does not assume that its bytes were processed. Unsubscribe first.
    /// </summary>
    void Abandon();

    /// <summary>
    /// Announces work on buffers of this source. The connection stays open after the end of its stream until the work has ended, so that
    /// replies can still be sent.
    /// </summary>
    /// <returns>Ends the work when disposed. Only the first disposal counts.</returns>
    IDisposable BeginWork();
}
