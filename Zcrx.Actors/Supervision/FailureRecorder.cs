using Akka.Actor;

namespace Zcrx.Actors.Supervision;

/// <summary>Lets the supervisor see which child failed and why, which a plain decider is not told.</summary>
internal sealed class FailureRecorder(Func<IActorRef, Exception, Directive> decide)
    // Not logged by the strategy: what becomes of a failure is logged, with its consequence, where it is decided.
    : OneForOneStrategy(static _ => Directive.Stop, loggingEnabled: false)
{
    protected override Directive Handle(IActorRef child, Exception exception) =>
        decide(child, exception is ActorInitializationException { InnerException: { } inner } ? inner : exception);
}
