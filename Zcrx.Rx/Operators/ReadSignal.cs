using System.Threading.Tasks.Sources;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Operators;

/// <summary>
/// Resumes the one reader that waits for a change. Setting it costs almost nothing while no reader waits, and waiting allocates nothing.
/// </summary>
/// <remarks>
/// Threading: <see cref="Set"/> from any thread, <see cref="WaitAsync"/> by one reader at a time. A reader may
/// be resumed without a change.
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

    /// <param name="schedule">Runs the reader's continuation later; null for the thread pool.</param>
    public ReadSignal(Action<Action>? schedule = null)
    {
        _schedule = schedule ?? Threads.SimulatedPool;
        _resume = () => _core.SetResult(true);
        _core.RunContinuationsAsynchronously = _schedule is null;
    }

    /// <summary>Signals a change that the caller has already made.</summary>
    public void Set()
    {
        // A full fence: either the reader sees the change, or this call sees the waiting reader.
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

    /// <summary>Waits for a change since the last wait.</summary>
    /// <param name="cancellationToken">The token. Its cancellation only resumes the reader, which then checks the token.</param>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken != _token)
        {
            // The registration is kept from one wait to the next, because nearly every reader passes the same token each time.
            _registration.Unregister();
            _token = cancellationToken;
            _registration = cancellationToken.UnsafeRegister(static signal => ((ReadSignal)signal!).Set(), this);
        }

        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Idle)
        {
            return new ValueTask(this, _core.Version);
        }

        // A change was made since the last wait.
        Interlocked.Exchange(ref _state, Idle);
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends the registration with the token of the last wait.</summary>
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
