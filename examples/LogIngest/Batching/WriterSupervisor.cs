using Akka.Actor;
using Akka.DependencyInjection;
using LogIngest.Reporting;
using LogIngest.Settings;
using Microsoft.Extensions.Options;

namespace LogIngest.Batching;

/// <summary>Starts the writers and restarts a writer after any failure.</summary>
internal sealed partial class WriterSupervisor : ReceiveActor
{
    private readonly LogIngestOptions _options;
    private readonly IngestMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    // Identifies the run of the service: each run numbers its connections from the beginning.
    private readonly Guid _boot = Guid.NewGuid();

    public WriterSupervisor(IOptions<LogIngestOptions> options, IngestMetrics metrics, TimeProvider time, ILogger<WriterSupervisor> logger)
    {
        _options = options.Value;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        IActorRef[] writers = [.. Enumerable.Range(0, _options.Writers).Select(Start)];
        Receive<GetWriters>(_ => Sender.Tell(writers));
    }

    // Zcrx has stopped, and the writers too, so the number is final.
    protected override void PostStop()
    {
        if (_metrics.Waiting > 0)
        {
            Lost(_logger, _metrics.Waiting);
        }
    }

    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(static _ => Directive.Restart);

    // The backlog is an argument of the actor's Props, so a restarted actor gets the same backlog.
    private IActorRef Start(int writer)
    {
        Backlog backlog = new(_boot, _options.BatchSize, _options.Acknowledge, _metrics, _time);
        return Context.ActorOf(DependencyResolver.For(Context.System).Props<BatchCollector>(writer, backlog), $"writer-{writer}");
    }

    [LoggerMessage(4, LogLevel.Error, "{Messages} received messages are not stored. Their senders see a reset.")]
    private static partial void Lost(ILogger logger, long messages);

    /// <summary>Requests the writers. The answer is an array of <see cref="IActorRef"/>.</summary>
    internal sealed class GetWriters
    {
        public static GetWriters Instance { get; } = new();
    }
}
