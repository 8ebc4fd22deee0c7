namespace Zcrx.Interop;

/// <summary>Represents the source of a buffer, such as a connection. An operator that queues buffers can pause it.</summary>
/// <remarks>Threading: any thread.</remarks>
public interface IBufferSource
{
    /// <summary>
    /// Pauses the source. It is resumed when <see cref="Resume"/> was called as often as this method. Buffers that the kernel has delivered
    /// before the pause still arrive.
    /// </summary>
    void Hold();

    /// <summary>Ends the pause of one <see cref="Hold"/> call.</summary>
    void Resume();

    /// <summary>
    /// Records that a consumer has ended before it used all its buffers. If the connection has no other observer, it is reset. The peer
    /// then knows that its bytes were not processed. Unsubscribe before the call.
    /// </summary>
    void Abandon();

    /// <summary>
    /// Announces work on buffers of this source. When the stream ends, the connection stays open until the work has ended, so that replies
    /// can still be sent.
    /// </summary>
    /// <returns>Ends the work when disposed. Only the first disposal counts.</returns>
    IDisposable BeginWork();
}
