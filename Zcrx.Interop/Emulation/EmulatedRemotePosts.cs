using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Passes notifications from the threads of other rings to the thread of the ring that must post them. Traffic on an importing ring
/// fires the notifications of the ring that registered the queue.
/// </summary>
/// <param name="watch">Makes the ring call <see cref="Drain"/> when the given descriptor is readable.</param>
/// <param name="completions">Posts on the ring's thread.</param>
internal sealed unsafe class EmulatedRemotePosts(Action<int> watch, EmulatedCompletions completions) : IDisposable
{
    /// <summary>The tag of the signal. No request has this tag.</summary>
    public const ulong Signal = ulong.MaxValue;

    // The queue is also the lock. For the lock order see EmulatedKernel.
    private readonly Queue<(ulong UserData, int Result)> _posts = new();
    private int _signal = -1;

    /// <summary>Allows posts from other threads from now on. Called at registration.</summary>
    public void Enable()
    {
        if (_signal < 0)
        {
            _signal = Libc.EventFd(0, Libc.EFD_CLOEXEC | Libc.EFD_NONBLOCK);
            watch(_signal);
        }
    }

    /// <summary>Queues a completion for the ring thread, and wakes it. Any thread.</summary>
    public void Post(ulong userData, int result)
    {
        lock (_posts)
        {
            _posts.Enqueue((userData, result));
        }

        ulong one = 1;
        _ = Libc.Write(_signal, &one, sizeof(ulong));
    }

    /// <summary>Posts the completions that other threads have queued. Ring thread only.</summary>
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
