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

    /// <summary>Gets the bound addresses with their real ports, by the names of the listeners or by their order in the configuration. Empty before the start.</summary>
    ListenerEndPoints EndPoints { get; }

    /// <summary>Gets the supervisor, which answers <see cref="ZcrxCommand"/>.</summary>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    IActorRef Supervisor { get; }

    /// <summary>Returns the status of queues, listeners and rebalancing.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>A snapshot. After the stop it is the last one.</returns>
    Task<ZcrxStatus> GetStatusAsync(CancellationToken cancellationToken = default);

    /// <summary>Connects to a server. A queue receives on the connection, which is supervised, counted and listed in the status like an accepted one.</summary>
    /// <param name="endPoint">The server: an <see cref="IPEndPoint"/>, or a <see cref="DnsEndPoint"/>.</param>
    /// <param name="queue">The queue's name; null for the open queue with the fewest connections.</param>
    /// <param name="cancellationToken">Cancels connecting.</param>
    /// <returns>
    /// The connection, owned by the caller, which disposes it. It also closes as its <see cref="ZcrxConnection.CloseMode"/> says, and with the service, whose stop waits for the work on
    /// it like on any other. Receiving starts with the first subscription.
    /// </returns>
    /// <remarks>A connection that has no observer and sends nothing for <see cref="ZcrxQueueOptions.UnobservedTimeout"/> is reset. Keep an observer on connections of a pool.</remarks>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The server cannot be reached.</exception>
    /// <exception cref="Zcrx.Interop.ZcrxException">Zcrx is being stopped, or no queue is open.</exception>
    Task<ZcrxConnection> ConnectAsync(EndPoint endPoint, string? queue = null, CancellationToken cancellationToken = default);
}
