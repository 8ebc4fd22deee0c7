using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Performs the requests of one emulated ring, and waits for their completions. Members are called on the thread of the ring if they do not
/// state otherwise.
/// </summary>
internal interface IRingExecution : IDisposable
{
    /// <summary>Gets zero, or a negative errno when the execution could not be created.</summary>
    int Status { get; }

    /// <summary>Gets the number of descriptors that the caller closed while a request used them.</summary>
    int LostDescriptors { get; }

    /// <summary>Begins a request. Posts its completion when it ends or is refused.</summary>
    void Issue(in io_uring_sqe entry);

    /// <summary>Begins the requests that <see cref="Issue"/> has collected. Called when the caller does not wait for completions.</summary>
    void Submit();

    /// <summary>Runs deferred work, and waits for completions.</summary>
    /// <param name="minComplete">The number of completions to wait for.</param>
    /// <param name="deadline">The end of the wait in milliseconds of <see cref="Environment.TickCount64"/>; −1 for no timeout.</param>
    /// <returns>Zero, −ETIME or another negative errno.</returns>
    int GetEvents(uint minComplete, long deadline);

    /// <summary>Puts the free buffers that were taken in advance back into the areas.</summary>
    void ReturnBuffers();

    /// <summary>Allows rings of other threads to post to this ring. Called when the ring registers a queue.</summary>
    void EnableRemotePosts();

    /// <summary>Posts a completion to this ring. Called on the thread of another ring.</summary>
    void PostRemotely(ulong userData, int result);

    /// <summary>Removes all requests when the ring is closed. Posts no completions. Can be called on any thread.</summary>
    void EndRequests();
}
