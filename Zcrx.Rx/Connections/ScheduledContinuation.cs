using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Connections;

/// <summary>Represents an awaitable whose continuation a given function schedules, for example on the ring thread.</summary>
/// <param name="schedule">Schedules the continuation, which must run exactly once.</param>
internal readonly struct ScheduledContinuation(Action<Action> schedule) : INotifyCompletion
{
    public bool IsCompleted => false;

    public ScheduledContinuation GetAwaiter() => this;

    public void GetResult()
    {
        // There is no result, because the function only runs the continuation.
    }

    public void OnCompleted(Action continuation) => schedule(continuation);
}
