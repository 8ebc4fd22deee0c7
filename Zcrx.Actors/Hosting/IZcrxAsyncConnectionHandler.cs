using System.Reactive.Disposables;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>
/// Handles one connection asynchronously. The container creates one handler per connection; see
/// <see cref="ZcrxBuilder.Listen{THandler}(string, string?)"/>.
/// </summary>
/// <remarks>
/// The service scope of the handler ends with the task of <see cref="HandleAsync"/>. The handler is disposed at the same time, if it is
/// <see cref="IDisposable"/> or <see cref="IAsyncDisposable"/>.
/// </remarks>
public interface IZcrxAsyncConnectionHandler : IZcrxConnectionHandler
{
    /// <summary>
    /// Handles the connection. The connection closes when the task ends, and is reset when the task fails; see
    /// <see cref="ZcrxConnection.HandleAsync"/>.
    /// </summary>
    /// <param name="connection">The connection. Nothing is received before its first subscription.</param>
    /// <param name="cancellationToken">
    /// The token <see cref="ZcrxConnection.ConnectionClosed"/>, which is cancelled when the socket has been closed.
    /// </param>
    /// <returns>
    /// A task that ends when the connection is handled. A stop of Zcrx waits for it, at most for <see cref="ZcrxOptions.DrainTimeout"/>.
    /// </returns>
    /// <remarks>Threading: called on the thread pool.</remarks>
    Task HandleAsync(ZcrxConnection connection, CancellationToken cancellationToken);

    /// <inheritdoc/>
    IDisposable IZcrxConnectionHandler.Handle(ZcrxConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        // The task is not awaited, because it never faults. The queue reports failures of the handler.
        _ = connection.HandleAsync(HandleAsync);
        return Disposable.Empty;
    }
}
