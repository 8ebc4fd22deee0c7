using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Emulation;

/// <summary>Performs the requests of one emulated ring, and waits for them. Used on the thread of the ring unless stated otherwise.</summary>
internal interface IRingExecution : IDisposable
{
    /// <summary>Gets zero, or a negative errno when the ring cannot work.</summary>
    int Status { get; }

    /// <summary>Gets the number of descriptors that the caller has closed while a request used them.</summary>
    int LostDescriptors { get; }

    /// <summary>Begins a request. Its completion, or that of its refusal, is posted to the ring.</summary>
    void Issue(in io_uring_sqe entry);

    /// <summary>Begins what <see cref="Issue"/> has collected, when the caller does not wait.</summary>
    void Submit();

    /// <summary>Runs deferred work, and waits for completions.</summary>
    /// <param name="minComplete">The number of completions to wait for.</param>
    /// <param name="deadline">The end of the wait in milliseconds of <see cref="Environment.TickCount64"/>; −1 for none.</param>
    /// <returns>Zero, −ETIME or another negative errno.</returns>
    int GetEvents(uint minComplete, long deadline);

    /// <summary>Returns the free buffers that were taken from the areas in advance.</summary>
    void ReturnBuffers();

    /// <summary>Lets other threads' rings post to this one. Called at a registration.</summary>
    void EnableRemotePosts();

    /// <summary>Posts a completion from the thread of another ring.</summary>
    void PostRemotely(ulong userData, int result);

    /// <summary>Ends all requests without completions: the ring is closed. Any thread.</summary>
    void EndRequests();
}
