using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>
/// Handles one connection. The container creates one handler per connection; see
/// <see cref="ZcrxBuilder.Listen{THandler}(string, string?)"/>.
/// </summary>
/// <remarks>
/// When the connection has ended, its subscription is disposed first. Then the handler is disposed, if it is <see cref="IDisposable"/> or
/// <see cref="IAsyncDisposable"/>.
/// </remarks>
public interface IZcrxConnectionHandler
{
    /// <summary>Subscribes to the connection.</summary>
    /// <param name="connection">The connection. Nothing is received before its first subscription.</param>
    /// <returns>The subscription. It is disposed when the connection has closed and its operators have finished.</returns>
    /// <remarks>Threading: called on the ring thread, so it must not block.</remarks>
    IDisposable Handle(ZcrxConnection connection);
}
