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

    /// <summary>
    /// Gets the bound addresses with their actual ports, by the names of the listeners or by their order in the configuration. Listeners
    /// that are bound at run time are included until they are unbound. Empty before the start.
    /// </summary>
    ListenerEndPoints EndPoints { get; }

    /// <summary>Gets the supervisor, which answers <see cref="ZcrxCommand"/>.</summary>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    IActorRef Supervisor { get; }

    /// <summary>Returns the status of queues, listeners and rebalancing.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>A snapshot. After the stop it is the last one.</returns>
    Task<ZcrxStatus> GetStatusAsync(CancellationToken cancellationToken = default);

    /// <summary>Returns the status of queues, listeners and rebalancing without the connections, which are most of the work when there are many.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>A snapshot. After the stop it is the last one, which may list connections.</returns>
    Task<ZcrxStatus> GetOverviewAsync(CancellationToken cancellationToken = default);

    /// <summary>Connects to a server. A queue receives on the connection, which is supervised, counted and listed in the status like an accepted one.</summary>
    /// <param name="endPoint">The server: an <see cref="IPEndPoint"/>, or a <see cref="DnsEndPoint"/>.</param>
    /// <param name="queue">The queue's name; null for the open queue with the fewest connections.</param>
    /// <param name="cancellationToken">Cancels connecting.</param>
    /// <returns>The connection, which the caller owns and disposes. It also closes according to its <see cref="ZcrxConnection.CloseMode"/>,
    /// and with the service, whose stop waits for work on it as on any other connection. Receiving starts with the first
    /// subscription.</returns>
    /// <remarks>A connection that has no observer and sends nothing for <see cref="ZcrxQueueOptions.UnobservedTimeout"/> is reset. Keep an observer on connections of a pool.</remarks>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The server cannot be reached.</exception>
    /// <exception cref="Zcrx.Interop.ZcrxException">Zcrx is being stopped, or no queue is open.</exception>
    Task<ZcrxConnection> ConnectAsync(EndPoint endPoint, string? queue = null, CancellationToken cancellationToken = default);

    /// <summary>Binds another listener: on every open queue, or not at all. It survives restarts of the queues like a listener of the configuration.</summary>
    /// <param name="listener">The listener: its address, its handler, and its limits. The object must not be changed afterwards.</param>
    /// <param name="cancellationToken">Cancels the request. A listener that is bound after that is unbound again.</param>
    /// <returns>The bound address, and the way to unbind it.</returns>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    /// <exception cref="Zcrx.Interop.ZcrxConfigurationException">The options are invalid; all errors at once.</exception>
    /// <exception cref="Zcrx.Interop.ZcrxException">
    /// The name is in use, the address is in use or not one of this machine, a queue refuses the port, the ports were closed, or Zcrx is being stopped. The message names cause and fix.
    /// </exception>
    // Not BindAsync: minimal APIs take a method of that name for their own convention, and refuse the type as a parameter.
    Task<ZcrxServerBinding> AddListenerAsync(ZcrxListenerOptions listener, CancellationToken cancellationToken = default);

    /// <summary>Closes the port of one listener, also one of the configuration.</summary>
    /// <param name="listener">The listener's name.</param>
    /// <param name="drain">The time that its connections may take to end by themselves before they are closed. The task then ends after the
    /// last one. Null leaves them open, and the task ends once the port is closed.</param>
    /// <param name="cancellationToken">Cancels the waiting. The listener is unbound all the same.</param>
    /// <returns>The number of connections of the listener that are still open.</returns>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    /// <exception cref="Zcrx.Interop.ZcrxException">No listener has the name, or the drain time is invalid.</exception>
    Task<int> RemoveListenerAsync(string listener, TimeSpan? drain = null, CancellationToken cancellationToken = default);
}
