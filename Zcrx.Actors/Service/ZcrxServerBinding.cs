using System.Net;

namespace Zcrx.Actors;

/// <summary>Represents a listener that was bound at run time by <see cref="IZcrx.AddListenerAsync"/> or by a stream.</summary>
/// <remarks>Immutable. Threading: all members are callable on any thread.</remarks>
public sealed class ZcrxServerBinding
{
    private readonly Func<TimeSpan?, CancellationToken, Task<int>> _unbind;

    internal ZcrxServerBinding(string listener, IPEndPoint localAddress, Task closed, Func<TimeSpan?, CancellationToken, Task<int>> unbind) =>
        (Listener, LocalAddress, Closed, _unbind) = (listener, localAddress, closed, unbind);

    /// <summary>Gets the listener's name.</summary>
    public string Listener { get; }

    /// <summary>Gets the bound address with the actual port.</summary>
    public IPEndPoint LocalAddress { get; }

    /// <summary>Gets a task that ends when the port is closed for any reason. The task never faults.</summary>
    public Task Closed { get; }

    /// <summary>
    /// Closes the port. Connections stay open. Does nothing if this listener is already unbound. A later listener with the same name is not
    /// affected.
    /// </summary>
    /// <returns>A task that ends when no queue accepts on the port any more.</returns>
    /// <exception cref="Zcrx.Interop.ZcrxException">
    /// <see cref="ZcrxOptions.BindTimeout"/> has passed, for example because a ring thread is stuck. The port closes later.
    /// </exception>
    public Task Unbind() => _unbind(null, CancellationToken.None);

    /// <summary>
    /// Closes the port and the connections; see <see cref="IZcrx.RemoveListenerAsync"/>. After <see cref="Unbind"/> it closes the
    /// connections that are still open.
    /// </summary>
    /// <param name="drain">The time after which open connections are closed.</param>
    /// <param name="cancellationToken">Cancels only the wait, not the removal of the listener.</param>
    /// <returns>A task that ends when the last connection is closed.</returns>
    /// <exception cref="Zcrx.Interop.ZcrxException">
    /// <see cref="ZcrxOptions.BindTimeout"/> has passed after the drain time. The connections close later.
    /// </exception>
    public Task DrainAsync(TimeSpan drain, CancellationToken cancellationToken = default) => _unbind(drain, cancellationToken);

    /// <inheritdoc/>
    public override string ToString() => $"{Listener} on {LocalAddress}";
}
