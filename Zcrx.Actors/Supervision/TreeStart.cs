using Akka.Actor;
using Zcrx.Actors.Listening;

namespace Zcrx.Actors.Supervision;

/// <summary>
/// Decides whether the start is over and with which result, and answers the actors that wait for it. Owned by the
/// <see cref="ZcrxSupervisor"/>.
/// </summary>
internal sealed class TreeStart(QueueSet queues, ListenerSet listeners)
{
    private readonly List<IActorRef> _waiting = [];

    /// <summary>Gets a value indicating whether every listener is bound and every queue open.</summary>
    public bool IsComplete => queues.AreOpen && listeners.IsBound;

    /// <summary>Gets why the start failed: every port that cannot be bound at once, or the queues that stay closed. Null while it has not failed.</summary>
    public Exception? Error => !listeners.IsDecided ? null : listeners.Errors.Concat(queues.Errors).ToArray() switch
    {
        [] => null,
        [var only] => only,
        var errors => new AggregateException("Zcrx could not start.", errors),
    };

    /// <summary>Answers a question about the start, at once or when the start is over.</summary>
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

    /// <summary>Answers all actors that wait.</summary>
    public void AnswerAll(object answer)
    {
        _waiting.ForEach(actor => actor.Tell(answer));
        _waiting.Clear();
    }

    /// <summary>Answers all waiting actors, because a stop has come first.</summary>
    public void Cancel() => AnswerAll(new Status.Failure(Stopping()));

    private static InvalidOperationException Stopping() => new("Zcrx is being stopped.");
}
