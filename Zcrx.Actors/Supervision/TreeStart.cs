using Akka.Actor;
using Zcrx.Actors.Listening;

namespace Zcrx.Actors.Supervision;

/// <summary>
/// Determines whether the start of the actor tree has succeeded or failed, and answers the actors that wait for the result. Owned by the
/// <see cref="ZcrxSupervisor"/>.
/// </summary>
internal sealed class TreeStart(QueueSet queues, ListenerSet listeners)
{
    private readonly List<IActorRef> _waiting = [];

    /// <summary>Gets a value indicating whether every listener is bound and every queue is open.</summary>
    public bool IsComplete => queues.AreOpen && listeners.IsBound;

    /// <summary>
    /// Gets the error of a failed start; null if the start has not failed. It contains the errors of all listeners that cannot be bound
    /// and of all queues that stay closed.
    /// </summary>
    public Exception? Error => !listeners.IsDecided ? null : listeners.Errors.Concat(queues.Errors).ToArray() switch
    {
        [] => null,
        [var only] => only,
        var errors => new AggregateException("Zcrx could not start.", errors),
    };

    /// <summary>Answers an actor that waits for the start. If the start is not over, answers later.</summary>
    public void Answer(IActorRef asker, ZcrxState state, Func<ZcrxStatus> status)
    {
        switch (state)
        {
            case ZcrxState.Starting:
                _waiting.Add(asker);
                break;
            case ZcrxState.Running:
                asker.Tell(status());
                break;
            case ZcrxState.StartFailed:
                asker.Tell(new Status.Failure(Error ?? new InvalidOperationException("The start failed.")));
                break;
            default:
                asker.Tell(new Status.Failure(Stopping()));
                break;
        }
    }

    /// <summary>Answers all actors that wait for the start.</summary>
    public void AnswerAll(object answer)
    {
        _waiting.ForEach(actor => actor.Tell(answer));
        _waiting.Clear();
    }

    /// <summary>Answers all waiting actors with a failure, because a stop was requested before the start was over.</summary>
    public void Cancel() => AnswerAll(new Status.Failure(Stopping()));

    private static InvalidOperationException Stopping() => new("Zcrx is being stopped.");
}
