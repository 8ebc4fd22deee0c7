using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Connections;

/// <summary>Continues an asynchronous method where a schedule runs it.</summary>
/// <param name="schedule">Runs the continuation later, once.</param>
internal readonly struct ScheduledContinuation(Action<Action> schedule) : INotifyCompletion
{
    public bool IsCompleted => false;

    public ScheduledContinuation GetAwaiter() => this;

    public void GetResult()
    {
        // The schedule runs the continuation exactly once, and reports nothing.
    }

    public void OnCompleted(Action continuation) => schedule(continuation);
}
