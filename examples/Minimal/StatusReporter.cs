using Akka.Actor;
using Akka.Event;
using Akka.Hosting;
using Zcrx.Actors;

namespace Minimal;

/// <summary>Queries the supervisor's status at the start and then every ten seconds.</summary>
internal sealed class StatusReporter : ReceiveActor, IWithTimers
{
    private readonly IRequiredActor<ZcrxSupervisor> _supervisor;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public StatusReporter(IRequiredActor<ZcrxSupervisor> supervisor)
    {
        _supervisor = supervisor;
        Receive<Look>(_ => OnLook());
        Receive<ZcrxStatus>(status => _log.Info("Zcrx is {0}, with {1} connections.", status.State, status.Listeners.Sum(listener => listener.Connections)));
        Receive<Status.Failure>(failure => _log.Warning(failure.Cause, "Zcrx does not answer."));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer("look", Look.Instance, TimeSpan.Zero, TimeSpan.FromSeconds(10));

    // The reply, or a Status.Failure, arrives as a message.
    private void OnLook() => _ = AskAsync().PipeTo(Self);

    private async Task<ZcrxStatus> AskAsync()
    {
        IActorRef supervisor = await _supervisor.GetAsync();
        return await supervisor.Ask<ZcrxStatus>(new ZcrxCommand.GetStatus(), TimeSpan.FromSeconds(5));
    }

    private sealed class Look
    {
        public static Look Instance { get; } = new();
    }
}
