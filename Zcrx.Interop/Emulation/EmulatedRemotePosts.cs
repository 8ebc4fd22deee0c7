using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Passes notifications from the threads of other rings to the ring that must post them. A ring that imported a queue can cause a
/// notification, but the ring that registered the queue must post it.
/// </summary>
/// <param name="watch">Makes the ring call <see cref="Drain"/> when the given descriptor is readable.</param>
/// <param name="completions">Posts the notifications on the ring's thread.</param>
internal sealed unsafe class EmulatedRemotePosts(Action<int> watch, EmulatedCompletions completions) : IDisposable
{
    /// <summary>The tag of the eventfd that wakes the ring. No request has this tag.</summary>
    public const ulong Signal = ulong.MaxValue;

    // This object is also the lock. EmulatedKernel documents the lock order.
    private readonly Queue<(ulong UserData, int Result)> _posts = new();
    private int _signal = -1;

    /// <summary>Allows other threads to post. Called when the ring registers a queue.</summary>
    public void Enable()
    {
        if (_signal < 0)
        {
            _signal = Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
            watch(_signal);
        }
    }

    /// <summary>Queues a completion for the ring thread and wakes it. Can be called on any thread.</summary>
    public void Post(ulong userData, int result)
    {
        lock (_posts)
        {
            _posts.Enqueue((userData, result));
        }

        ulong one = 1;
        _ = Libc.Write(_signal, &one, sizeof(ulong));
    }

    /// <summary>Posts the completions that other threads have queued. Called on the ring thread.</summary>
    public void Drain()
    {
        ulong count;
        _ = Libc.Read(_signal, &count, sizeof(ulong));
        lock (_posts)
        {
            while (_posts.TryDequeue(out (ulong UserData, int Result) post))
            {
                completions.Post(post.UserData, post.Result, 0);
            }
        }
    }

    public void Dispose()
    {
        if (_signal >= 0)
        {
            _ = Libc.Close(_signal);
        }
    }
}
