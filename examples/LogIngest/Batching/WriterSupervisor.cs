using Akka.Actor;
using Akka.DependencyInjection;
using LogIngest.Reporting;
using LogIngest.Settings;
using Microsoft.Extensions.Options;

namespace LogIngest.Batching;

/// <summary>Starts the writers, publishes them in the directory, and restarts a writer after any failure.</summary>
/// <remarks>
/// If the supervisor itself restarts, its writers and their backlogs are lost. The connections of the lost messages are reset.
/// </remarks>
internal sealed class WriterSupervisor(IOptions<LogIngestOptions> options, WriterDirectory directory, IngestMetrics metrics, TimeProvider time) : ActorBase
{
    // A part of the key of stored messages. It makes the key unique over all runs, because each process numbers its connections anew.
    private readonly Guid _boot = Guid.NewGuid();

    // Called at the start and after each restart.
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
