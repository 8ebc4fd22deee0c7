using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Tests.Support.Rooms;

/// <summary>
/// Represents a ring thread without a thread of its own. The test runs the posted work. Any thread may post, because continuations of tasks
/// do.
/// </summary>
internal sealed class MemoryWorker : IRingWorker
{
    private readonly Lock _gate = new();
    private readonly Queue<(Action Work, Action? Refuse)> _work = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Ended => _ended.Task;

    public bool IsAbandoned => false;

    /// <summary>Gets the number of times that another thread has woken the ring thread.</summary>
    public int Wakes { get; private set; }

    public bool HasWork
    {
        get
        {
            lock (_gate)
            {
                return _work.Count > 0;
            }
        }
    }

    public void Post(Action work, Action? refuse = null)
    {
        lock (_gate)
        {
            if (!Ended.IsCompleted)
            {
                _work.Enqueue((work, refuse));
                return;
            }
        }

        refuse?.Invoke();
    }

    public Task<T> InvokeAsync<T>(Func<T> work, Func<T> refused, bool reportsFailure = false)
    {
        TaskCompletionSource<T> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() => result.SetResult(work()), () => result.SetResult(refused()));
        return result.Task;
    }

    /// <summary>Gets or sets a callback that handles items which another thread enqueues after the end.</summary>
    public Action? AfterEnd { get; set; }

    public void Signal()
    {
        if (Ended.IsCompleted)
        {
            AfterEnd?.Invoke();
        }
    }

    public void Wake() => Wakes++;

    public void Run()
    {
        while (TryTake(out (Action Work, Action? Refuse) next))
        {
            next.Work();
        }
    }

    /// <summary>Ends the ring thread. Work that was posted and has not run is refused.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended.TrySetResult();
        }

        while (TryTake(out (Action Work, Action? Refuse) next))
        {
            next.Refuse?.Invoke();
        }
    }

    private bool TryTake(out (Action Work, Action? Refuse) next)
    {
        lock (_gate)
        {
            return _work.TryDequeue(out next);
        }
    }
}
