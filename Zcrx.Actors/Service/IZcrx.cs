using System.Net;
using Akka.Actor;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents the running Zcrx as an injectable service. Provides its event streams, its status and its supervisor.</summary>
/// <remarks>
/// Threading: all members are callable on any thread. The streams merge the events of all queues, continue when a queue is restarted, and
/// complete when everything has stopped. They publish on the ring threads, one item at a time. An observer must return quickly or observe
/// on another scheduler.
/// </remarks>
public interface IZcrx
{
    /// <summary>
    /// Gets the pressure levels of the pools. A new observer first receives the current level of every open queue, then every change.
    /// </summary>
    IObservable<PoolPressure> Pressure { get; }

    /// <summary>
    /// Gets the notifications of the kernel about the queues. The kernel may drop notifications; see <see cref="ZcrxNotification"/>.
    /// </summary>
    IObservable<ZcrxNotification> Notifications { get; }

    /// <summary>
    /// Gets periodic samples of the counters of all queues. Each queue has its own interval. Samples are taken only while an observer is
    /// subscribed. After a restart, the counters of a queue start from zero.
    /// </summary>
    IObservable<QueueStatistics> Statistics { get; }

    /// <summary>
    /// Gets the bound addresses with their actual ports, indexed by the name or the position of the listener. Listeners that are bound at
    /// run time are included until they are unbound. The list is empty before the start.
    /// </summary>
    ListenerEndPoints EndPoints { get; }

    /// <summary>Gets the supervisor. It answers <see cref="ZcrxCommand"/>.</summary>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    IActorRef Supervisor { get; }

    /// <summary>Returns the status of queues, listeners and rebalancing.</summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>A snapshot. After a stop it is the last snapshot.</returns>
    Task<ZcrxStatus> GetStatusAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Returns the status of queues, listeners and rebalancing without the list of connections. With many connections, the
    /// list would be most of the cost.
    /// </summary>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>A snapshot. After a stop it is the last snapshot, which may list connections.</returns>
    Task<ZcrxStatus> GetOverviewAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Connects to a server, and lets a queue receive for the connection. The connection is supervised, counted and listed in the status
    /// like an accepted connection.
    /// </summary>
    /// <param name="endPoint">The server: an <see cref="IPEndPoint"/> or a <see cref="DnsEndPoint"/>.</param>
    /// <param name="queue">The queue's name; null for the open queue with the fewest connections.</param>
    /// <param name="cancellationToken">Cancels connecting.</param>
    /// <returns>
    /// The connection. The caller owns it and must dispose it. It also closes according to its
    /// <see cref="ZcrxConnection.CloseMode"/>, and when the service stops. A stop waits for work on the connection as for any other
    /// connection. Receiving starts with the first subscription.
    /// </returns>
    /// <remarks>
    /// A connection that has no observer and sends nothing for <see cref="ZcrxQueueOptions.UnobservedTimeout"/> is reset. Therefore keep an
    /// observer subscribed to each connection of a connection pool.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The server cannot be reached.</exception>
    /// <exception cref="Zcrx.Interop.ZcrxException">Zcrx is being stopped, or no queue is open.</exception>
    Task<ZcrxConnection> ConnectAsync(EndPoint endPoint, string? queue = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Binds a listener while Zcrx runs. Fails if any open queue refuses the port. The listener survives restarts of the queues like a
    /// listener of the configuration.
    /// </summary>
    /// <param name="listener">The options of the listener. The object must not be changed afterwards.</param>
    /// <param name="cancellationToken">Cancels the request. A listener that is bound after the cancellation is unbound again.</param>
    /// <returns>The binding, with the bound address and a method to unbind.</returns>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    /// <exception cref="Zcrx.Interop.ZcrxConfigurationException">The options are invalid. The exception lists every error.</exception>
    /// <exception cref="Zcrx.Interop.ZcrxException">
    /// The listener cannot be bound, for example because its name or address is in use or <see cref="ZcrxOptions.BindTimeout"/> has passed.
    /// The message contains the cause and the fix.
    /// </exception>
    // The name is not BindAsync: minimal APIs of ASP.NET Core would call a method of this name to bind parameters of this type.
    Task<ZcrxServerBinding> AddListenerAsync(ZcrxListenerOptions listener, CancellationToken cancellationToken = default);

    /// <summary>Closes the port of one listener, whether it was configured or bound at run time.</summary>
    /// <param name="listener">The listener's name.</param>
    /// <param name="drain">
    /// The time after which open connections of the listener are closed. This includes connections of earlier listeners with the same name.
    /// The task then ends after the last connection has ended. Null leaves all connections open, and the task ends once the port is closed.
    /// </param>
    /// <param name="cancellationToken">Cancels only the wait, not the removal of the listener.</param>
    /// <returns>The number of connections of the listener that are still open.</returns>
    /// <exception cref="InvalidOperationException">The host has not been started.</exception>
    /// <exception cref="Zcrx.Interop.ZcrxException">
    /// No listener has the name, or the drain time is invalid. Or <see cref="ZcrxOptions.BindTimeout"/> has passed after the drain time;
    /// the listener then closes later.
    /// </exception>
    Task<int> RemoveListenerAsync(string listener, TimeSpan? drain = null, CancellationToken cancellationToken = default);
}
