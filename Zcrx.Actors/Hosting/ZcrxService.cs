using System.Net;
using Akka.Actor;
using Zcrx.Actors.Health;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Supervision;
using Zcrx.Rx;

namespace Zcrx.Actors.Hosting;

/// <summary>Represents the actor tree for the application. It exists before the actors start, so it can be injected anywhere.</summary>
/// <remarks>
/// Threading: all members are callable on any thread. <see cref="ZcrxLifetime"/> publishes the running tree as one reference, so a reader
/// sees all of it or nothing.
/// </remarks>
internal sealed class ZcrxService(TimeProvider time) : IZcrx, IStatusSource, IDisposable
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    private static readonly ListenerEndPoints NoEndPoints = new([]);

    private volatile RunningTree? _running;
    private volatile bool _isStarted;

    public QueueDirectory Directory { get; } = new();

    /// <summary>Gets the running actor tree; null before the start.</summary>
    public ZcrxTree? Tree => _running?.Tree;

    /// <summary>Gets the actor system in which the actor tree runs; null before the start.</summary>
    public ActorSystem? System => _running?.System;

    public IObservable<PoolPressure> Pressure => Directory.Pressure;

    public IObservable<ZcrxNotification> Notifications => Directory.Notifications;

    public IObservable<QueueStatistics> Statistics => Directory.Statistics;

    public ListenerEndPoints EndPoints => _isStarted ? _running!.Tree.EndPoints.Value : NoEndPoints;

    public bool HasEndedUnasked => Tree?.End.HasEndedUnasked ?? false;

    public IActorRef Supervisor => Running.Supervisor;

    private RunningTree Running => _running ?? throw new InvalidOperationException("Zcrx has not been started. It starts with the host.");

    public Task<ZcrxStatus> GetStatusAsync(CancellationToken cancellationToken = default) => GetStatusAsync(includeConnections: true, cancellationToken);

    public Task<ZcrxStatus> GetOverviewAsync(CancellationToken cancellationToken = default) => GetStatusAsync(includeConnections: false, cancellationToken);

    public async Task<ZcrxStatus> GetStatusAsync(bool includeConnections, CancellationToken cancellationToken)
    {
        if (_running is not { } running)
        {
            return new ZcrxStatus { State = ZcrxState.Starting, Time = time.GetUtcNow() };
        }

        Task<ZcrxStatus> ended = running.Tree.End.Ended;
        if (!ended.IsCompleted)
        {
            Task<ZcrxStatus> answer = running.Supervisor.Ask<ZcrxStatus>(new ZcrxCommand.GetStatus(includeConnections), AnswerTimeout, cancellationToken);
            // Also awaits the end of the tree, because a supervisor that ends before it receives the message does not answer.
            return await (await Task.WhenAny(answer, ended).ConfigureAwait(false)).ConfigureAwait(false);
        }

        return await ended.ConfigureAwait(false);
    }

    public Task<ZcrxConnection> ConnectAsync(EndPoint endPoint, string? queue = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        RunningTree running = Running;
        return new OutgoingConnection(running.Supervisor, running.Tree.End).ConnectAsync(endPoint, queue, cancellationToken);
    }

    public Task<ZcrxServerBinding> AddListenerAsync(ZcrxListenerOptions listener, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(listener);
        RunningTree running = Running;
        return new ListenerBinder(running.Supervisor, running.Tree.End).AddListenerAsync(listener, cancellationToken);
    }

    public Task<int> RemoveListenerAsync(string listener, TimeSpan? drain = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(listener);
        RunningTree running = Running;
        return new ListenerBinder(running.Supervisor, running.Tree.End).RemoveListenerAsync(listener, drain, cancellationToken);
    }

    public void OnCreated(ActorSystem system, IActorRef supervisor, ZcrxTree tree) => _running = new RunningTree(system, supervisor, tree);

    public void OnStarted() => _isStarted = true;

    public void Dispose() => Directory.Dispose();

    private sealed record RunningTree(ActorSystem System, IActorRef Supervisor, ZcrxTree Tree);
}
