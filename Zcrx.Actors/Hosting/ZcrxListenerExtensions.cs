using Zcrx.Actors.Hosting;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Provides overloads of <see cref="IZcrx.AddListenerAsync"/> that take an address and a handler instead of options.</summary>
public static class ZcrxListenerExtensions
{
    /// <summary>Binds a listener while Zcrx runs. Its handler subscribes to each connection.</summary>
    /// <param name="zcrx">The running Zcrx service.</param>
    /// <param name="endPoint">
    /// The address, as for <see cref="ZcrxBuilder.Listen(string, Func{ZcrxConnection, IDisposable}, string?)"/>.
    /// </param>
    /// <param name="handler">Called with every connection, on the ring thread. It subscribes, and returns the subscription.</param>
    /// <param name="name">The listener's name; null to use its address.</param>
    /// <param name="cancellationToken">Cancels the request. A listener that is bound after the cancellation is unbound again.</param>
    /// <returns>The binding, with the bound address and a method to unbind.</returns>
    /// <exception cref="Zcrx.Interop.ZcrxException">The listener cannot be bound; see <see cref="IZcrx.AddListenerAsync"/>.</exception>
    public static Task<ZcrxServerBinding> AddListenerAsync(
        this IZcrx zcrx, string endPoint, Func<ZcrxConnection, IDisposable> handler, string? name = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(zcrx);
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(handler);
        return zcrx.AddListenerAsync(new ZcrxListenerOptions { EndPoint = endPoint, Handler = handler, Name = name }, cancellationToken);
    }

    /// <summary>Binds a listener with an asynchronous handler while Zcrx runs.</summary>
    /// <param name="zcrx">The running Zcrx service.</param>
    /// <param name="endPoint">
    /// The address, as for <see cref="ZcrxBuilder.Listen(string, Func{ZcrxConnection, CancellationToken, Task}, string?)"/>.
    /// </param>
    /// <param name="handler">
    /// Handles one connection. The connection closes when the returned task ends; see <see cref="ZcrxConnection.HandleAsync"/>.
    /// </param>
    /// <param name="name">The listener's name; null to use its address.</param>
    /// <param name="cancellationToken">Cancels the request. A listener that is bound after the cancellation is unbound again.</param>
    /// <returns>The binding, with the bound address and a method to unbind.</returns>
    /// <exception cref="Zcrx.Interop.ZcrxException">The listener cannot be bound; see <see cref="IZcrx.AddListenerAsync"/>.</exception>
    public static Task<ZcrxServerBinding> AddListenerAsync(
        this IZcrx zcrx, string endPoint, Func<ZcrxConnection, CancellationToken, Task> handler, string? name = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return AddListenerAsync(zcrx, endPoint, AsyncHandler.Of(handler), name, cancellationToken);
    }
}
