using System.Net;
using Akka.Actor;
using Zcrx.Actors.Health;
using Zcrx.Actors.Queues;
using Zcrx.Actors.Supervision;
using Zcrx.Rx;

namespace Zcrx.Actors.Hosting;

/// <summary>What the application sees of the running tree. There before the start, so that it can be injected anywhere.</summary>
internal sealed class ZcrxService(TimeProvider time) : IZcrx, IStatusSource, IDisposable
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    private IActorRef? _supervisor;

    public QueueDirectory Directory { get; } = new();

    /// <summary>Gets the running tree; null before the start.</summary>
    public ZcrxTree? Tree { get; private set; }

    /// <summary>Gets the actor system in which it runs; null before the start.</summary>
    public ActorSystem? System { get; private set; }

    public IObservable<PoolPressure> Pressure => Directory.Pressure;

    public IObservable<ZcrxNotification> Notifications => Directory.Notifications;

    public IObservable<QueueStatistics> Statistics => Directory.Statistics;

    public IReadOnlyList<IPEndPoint> EndPoints { get; private set; } = [];

    public bool HasEndedUnasked => Tree?.End.HasEndedUnasked ?? false;

    public IActorRef Supervisor => Volatile.Read(ref _supervisor) ?? throw new InvalidOperationException("Zcrx has not been started; it starts with the host.");

    public Task<ZcrxStatus> GetStatusAsync(CancellationToken cancellationToken = default) => GetStatusAsync(includeConnections: true, cancellationToken);

    public async Task<ZcrxStatus> GetStatusAsync(bool includeConnections, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _supervisor) is not { } supervisor)
        {
            return new ZcrxStatus { State = ZcrxState.Starting, Time = time.GetUtcNow() };
        }

        Task<ZcrxStatus> ended = Tree!.End.Ended;
        if (!ended.IsCompleted)
        {
            Task<ZcrxStatus> answer = supervisor.Ask<ZcrxStatus>(new ZcrxCommand.GetStatus(includeConnections), AnswerTimeout, cancellationToken);
            // It may end while we ask, and then nobody answers.
            return await (await Task.WhenAny(answer, ended).ConfigureAwait(false)).ConfigureAwait(false);
        }

        return await ended.ConfigureAwait(false);
    }

    public void OnCreated(ActorSystem system, IActorRef supervisor, ZcrxTree tree)
    {
        System = system;
        Tree = tree;
        Volatile.Write(ref _supervisor, supervisor);
    }

    public void OnStarted(ZcrxStatus status) => EndPoints = [.. status.Listeners.Select(static listener => listener.EndPoint).OfType<IPEndPoint>()];

    public void Dispose() => Directory.Dispose();
}
