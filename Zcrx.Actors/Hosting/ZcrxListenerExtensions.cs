using Zcrx.Actors.Hosting;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Provides short forms of <see cref="IZcrx.AddListenerAsync"/>.</summary>
public static class ZcrxListenerExtensions
{
    /// <summary>Binds another listener with a handler that subscribes to each connection.</summary>
    /// <param name="zcrx">The running receiver.</param>
    /// <param name="endPoint">
    /// The address, as for <see cref="ZcrxBuilder.Listen(string, Func{ZcrxConnection, IDisposable}, string?)"/>.
    /// </param>
    /// <param name="handler">Called with every connection, on the ring thread. It subscribes, and returns the subscription.</param>
    /// <param name="name">The listener's name. Its address if null.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The binding. It has the bound address, and unbinds the listener.</returns>
    /// <exception cref="Zcrx.Interop.ZcrxException">The listener cannot be bound; see <see cref="IZcrx.AddListenerAsync"/>.</exception>
    public static Task<ZcrxServerBinding> AddListenerAsync(
        this IZcrx zcrx, string endPoint, Func<ZcrxConnection, IDisposable> handler, string? name = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(zcrx);
        ArgumentNullException.ThrowIfNull(endPoint);
        ArgumentNullException.ThrowIfNull(handler);
        return zcrx.AddListenerAsync(new ZcrxListenerOptions { EndPoint = endPoint, Handler = handler, Name = name }, cancellationToken);
    }

    /// <summary>Binds another listener with an asynchronous handler.</summary>
    /// <param name="zcrx">The running receiver.</param>
    /// <param name="endPoint">
    /// The address, as for <see cref="ZcrxBuilder.Listen(string, Func{ZcrxConnection, CancellationToken, Task}, string?)"/>.
    /// </param>
    /// <param name="handler">
    /// Handles one connection. The connection closes when the returned task ends; see <see cref="ZcrxConnection.HandleAsync"/>.
    /// </param>
    /// <param name="name">The listener's name. Its address if null.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>The binding. It has the bound address, and unbinds the listener.</returns>
    /// <exception cref="Zcrx.Interop.ZcrxException">The listener cannot be bound; see <see cref="IZcrx.AddListenerAsync"/>.</exception>
    public static Task<ZcrxServerBinding> AddListenerAsync(
        this IZcrx zcrx, string endPoint, Func<ZcrxConnection, CancellationToken, Task> handler, string? name = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return AddListenerAsync(zcrx, endPoint, AsyncHandler.Of(handler), name, cancellationToken);
    }
}
