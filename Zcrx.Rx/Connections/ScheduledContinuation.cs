using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Connections;

/// <summary>Lets an asynchronous method continue where a given function schedules it, by <c>await</c>.</summary>
/// <param name="schedule">Schedules the continuation. Runs it exactly once.</param>
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
