using System.Net;
using Akka.Actor;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>The running receiver, as a service to inject: its health as streams, its status, its actor.</summary>
/// <remarks>
/// Threading: all members from any thread. The streams span all queues and go on when a queue is restarted; they complete when
/// everything has stopped. What they publish comes on the rings' threads, one at a time: be quick, or observe on another scheduler.
/// </remarks>
public interface IZcrx
{
    /// <summary>The pools' levels: the present one of every open queue at once, then every change.</summary>
    IObservable<PoolPressure> Pressure { get; }

    /// <summary>What the kernel tells about the queues. Hints only: see <see cref="ZcrxNotification"/>.</summary>
    IObservable<ZcrxNotification> Notifications { get; }

    /// <summary>Samples of the queues' counters, at each queue's interval, while somebody subscribes. A queue that was restarted counts from zero.</summary>
    IObservable<QueueStatistics> Statistics { get; }

    /// <summary>Where it listens, in the order in which the listeners are configured, with real ports; empty before the start.</summary>
    IReadOnlyList<IPEndPoint> EndPoints { get; }

    /// <summary>The supervisor, which answers <see cref="ZcrxCommand"/>.</summary>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    IActorRef Supervisor { get; }

    /// <summary>How everything stands.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>A snapshot; after the stop, the last one.</returns>
    Task<ZcrxStatus> GetStatusAsync(CancellationToken cancellationToken = default);
}
