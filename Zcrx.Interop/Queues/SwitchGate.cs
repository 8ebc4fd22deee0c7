using Zcrx.Interop.Kernel;

namespace Zcrx.Interop;

/// <summary>
/// Represents an asynchronous lock. Callers enter one at a time, in the order of their calls, and wait without blocking their threads.
/// Threading: all members from any thread.
/// </summary>
internal sealed class SwitchGate
{
    // This object is also the lock of this class. While it is held, no other code is called.
    private readonly Queue<TaskCompletionSource> _waiting = new();
    private bool _isTaken;

    /// <summary>Waits until the caller has the lock. The caller must release it by <see cref="Leave"/>.</summary>
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

    /// <summary>Releases the lock. The next waiting caller gets it.</summary>
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
