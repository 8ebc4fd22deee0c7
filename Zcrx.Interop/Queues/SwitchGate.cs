using Zcrx.Interop.Kernel;

namespace Zcrx.Interop;

/// <summary>
/// Admits one caller at a time, in order. Callers wait without blocking their threads. Threading: all members from any thread.
/// </summary>
internal sealed class SwitchGate
{
    // The queue is also the lock. No other code is called under it.
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private bool _isTaken;

    /// <summary>Waits until the caller is admitted. <see cref="Leave"/> ends its turn.</summary>
    public Task EnterAsync()
    {
        lock (_waiting)
        {
            if (!_isTaken)
            {
                _isTaken = true;
                return Task.CompletedTask;
            }

            TaskCompletionSource turn = new(Threads.ContinuationOptions);
            _waiting.Enqueue(turn);
            return turn.Task;
        }
    }

    /// <summary>Ends the turn of the caller and admits the next one.</summary>
    public void Leave()
    {
        TaskCompletionSource? next;
        lock (_waiting)
        {
            if (!_waiting.TryDequeue(out next))
            {
                _isTaken = false;
                return;
            }
        }

        next.SetResult();
    }
}
