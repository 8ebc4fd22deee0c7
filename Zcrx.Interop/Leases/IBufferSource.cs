namespace Zcrx.Interop;

/// <summary>Where a buffer comes from, for operators that let buffers wait: how to ask for no more of them.</summary>
/// <remarks>Threading: any thread.</remarks>
public interface IBufferSource
{
    /// <summary>A consumer has as much as it can take: nothing more is asked for until as many calls of <see cref="Resume"/>. What the kernel had delivered by then still comes.</summary>
    void Hold();

    /// <summary>Takes one <see cref="Hold"/> back.</summary>
    void Resume();

    /// <summary>A consumer has gone without having used all that it was given. If nobody else listens, the connection is reset, so that the peer does not believe that its bytes were used. Unsubscribe first.</summary>
    void Abandon();
}
