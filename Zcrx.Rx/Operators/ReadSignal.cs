using System.Threading.Tasks.Sources;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Operators;

/// <summary>
/// Resumes a reader that waits for a change. Setting the signal is cheap while no reader waits, and waiting allocates no memory.
/// </summary>
/// <remarks>
/// Any thread may call <see cref="Set"/>. One reader at a time may call <see cref="WaitAsync"/>. The reader must check for the change
/// itself, because it may be resumed without a change.
/// </remarks>
internal sealed class ReadSignal : IValueTaskSource
{
    private const int Idle = 0;
    private const int Changed = 1;
    private const int Waiting = 2;

    private readonly Action<Action>? _schedule;
    private readonly Action _resume;
    private ManualResetValueTaskSourceCore<bool> _core;
    private int _state;
    private CancellationToken _token;
    private CancellationTokenRegistration _registration;

    /// <param name="schedule">Schedules the continuation of the reader; null for the thread pool.</param>
    public ReadSignal(Action<Action>? schedule = null)
    {
        _schedule = schedule ?? Threads.SimulatedPool;
        _resume = () => _core.SetResult(true);
        _core.RunContinuationsAsynchronously = _schedule is null;
    }

    /// <summary>Signals a change. The caller must have made the change before.</summary>
    public void Set()
    {
        // A full fence. Either the reader sees the change, or this thread sees that the reader waits.
        Interlocked.MemoryBarrier();
        int state = Volatile.Read(ref _state);
        while (state != Changed)
        {
            int seen = Interlocked.CompareExchange(ref _state, state == Waiting ? Idle : Changed, state);
            if (seen == state)
            {
                if (state == Waiting)
                {
                    Resume();
                }

                return;
            }

            state = seen;
        }
    }

    /// <summary>Waits until <see cref="Set"/> is called. Completes at once if it was called since the last wait.</summary>
    /// <param name="cancellationToken">A token whose cancellation resumes the reader. The reader must then check the token.</param>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken != _token)
        {
            // The registration is kept between waits, because nearly every reader passes the same token each time.
            _registration.Unregister();
            _token = cancellationToken;
            _registration = cancellationToken.UnsafeRegister(static signal => ((ReadSignal)signal!).Set(), this);
        }

        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Idle)
        {
            return new ValueTask(this, _core.Version);
        }

        // Set was called since the last wait, so there is no need to wait.
        Interlocked.Exchange(ref _state, Idle);
        return ValueTask.CompletedTask;
    }

    /// <summary>Removes the registration with the last token.</summary>
    public void Unregister() => _registration.Unregister();

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    private void Resume()
    {
        if (_schedule is null)
        {
            _core.SetResult(true);
        }
        else
        {
            _schedule(_resume);
        }
    }
}
