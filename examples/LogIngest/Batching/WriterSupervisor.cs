using Akka.Actor;
using Akka.DependencyInjection;
using LogIngest.Reporting;
using LogIngest.Settings;
using Microsoft.Extensions.Options;

namespace LogIngest.Batching;

/// <summary>Starts the writers, publishes them in the directory, and restarts a writer after any failure.</summary>
/// <remarks>
/// A restart of the supervisor itself ends its writers with their backlogs, and starts new ones. The
/// connections of lost messages are reset.
/// </remarks>
internal sealed class WriterSupervisor(IOptions<LogIngestOptions> options, WriterDirectory directory, IngestMetrics metrics, TimeProvider time) : ActorBase
{
    // Part of the key of stored messages. It may change when this actor restarts, because connection numbers are unique
    // within a process.
    private readonly Guid _boot = Guid.NewGuid();

    // Also called after a restart.
    protected override void PreStart() => directory.Set([.. Enumerable.Range(0, options.Value.Writers).Select(Start)]);

    protected override bool Receive(object message) => false;

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(static _ => Directive.Restart);

    // The backlog is an argument of the actor's Props, so a restarted actor gets the same backlog.
    private IActorRef Start(int writer)
    {
        Backlog backlog = new(_boot, options.Value.BatchSize, options.Value.Acknowledge, metrics, time);
        return Context.ActorOf(DependencyResolver.For(Context.System).Props<BatchCollector>(writer, backlog), $"writer-{writer}");
    }
}
