using System.Net;
using Akka.Actor;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents the running receiver as a service to inject: its streams of events, its status and its supervisor.</summary>
/// <remarks>
/// Threading: all members from any thread. The streams span all queues, continue when a queue is restarted, and complete when
/// everything has stopped. They publish on the ring threads, one item at a time: return quickly, or observe on another scheduler.
/// </remarks>
public interface IZcrx
{
    /// <summary>Gets the pressure of the pools: the present level of every open queue at once, then every change.</summary>
    IObservable<PoolPressure> Pressure { get; }

    /// <summary>Gets the notifications of the kernel about the queues. They are hints: see <see cref="ZcrxNotification"/>.</summary>
    IObservable<ZcrxNotification> Notifications { get; }

    /// <summary>Gets samples of the queues' counters at each queue's interval while there is a subscription. A queue that was restarted counts from zero.</summary>
    IObservable<QueueStatistics> Statistics { get; }

    /// <summary>Gets the bound addresses with their real ports, in the order in which the listeners are configured. Empty before the start.</summary>
    IReadOnlyList<IPEndPoint> EndPoints { get; }

    /// <summary>Gets the supervisor, which answers <see cref="ZcrxCommand"/>.</summary>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    IActorRef Supervisor { get; }

    /// <summary>Returns the status of queues, listeners and rebalancing.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>A snapshot. After the stop it is the last one.</returns>
    Task<ZcrxStatus> GetStatusAsync(CancellationToken cancellationToken = default);
}
