using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Tests.Support.Rooms;

/// <summary>A ring thread without a thread: work runs when the test says so.</summary>
internal sealed class MemoryWorker : IRingWorker
{
    private readonly Queue<(Action Work, Action? Refuse)> _work = new();
    private readonly TaskCompletionSource _ended = new();

    public Task Ended => _ended.Task;

    /// <summary>How often another ring or thread woke this one.</summary>
    public int Wakes { get; private set; }

    public bool HasWork => _work.Count > 0;

    public void Post(Action work, Action? refuse = null)
    {
        if (Ended.IsCompleted)
        {
            refuse?.Invoke();
        }
        else
        {
            _work.Enqueue((work, refuse));
        }
    }

    public Task<T> InvokeAsync<T>(Func<T> work, Func<T> refused, bool reportsFailure = false)
    {
        // Continuations run inside Run, so that a test needs no other thread.
        TaskCompletionSource<T> result = new();
        Post(() => result.SetResult(work()), () => result.SetResult(refused()));
        return result.Task;
    }

    public void Signal()
    {
    }

    public void Wake() => Wakes++;

    public void Run()
    {
        while (_work.TryDequeue(out (Action Work, Action? Refuse) next))
        {
            next.Work();
        }
    }

    /// <summary>Ends the ring: work that was posted is refused.</summary>
    public void End()
    {
        _ended.TrySetResult();
        while (_work.TryDequeue(out (Action Work, Action? Refuse) next))
        {
            next.Refuse?.Invoke();
        }
    }
}
