using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Handles one connection, created for it by the container; see <see cref="ZcrxBuilder.Listen{THandler}(string, string?)"/>.</summary>
/// <remarks>If it is <see cref="IDisposable"/> or <see cref="IAsyncDisposable"/>, it is disposed after the subscription, when the connection has ended.</remarks>
public interface IZcrxConnectionHandler
{
    /// <summary>Subscribes to the connection.</summary>
    /// <param name="connection">The connection. Nothing is received before its first subscription.</param>
    /// <returns>The subscription. It is disposed when the connection has closed and its operators have finished.</returns>
    /// <remarks>Threading: called on the ring thread, so it must not block.</remarks>
    IDisposable Handle(ZcrxConnection connection);
}
