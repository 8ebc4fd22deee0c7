using System.Net;
using System.Reactive;
using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>
/// Represents a port on which a queue accepts connections; see
/// <see cref="ZcrxQueue.Listen(IPEndPoint, Func{ZcrxConnection, CancellationToken, Task}, ZcrxListenOptions?)"/>.
/// </summary>
/// <remarks>
/// Ownership: the caller of <c>Listen</c> owns the listener. When the queue ends, the listener is closed. Threading: all members are
/// thread-safe.
/// </remarks>
public sealed class ZcrxListener : IDisposable
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IDisposable? _accepting;

    internal ZcrxListener(IPEndPoint endPoint) => EndPoint = endPoint;

    /// <summary>Gets the local address, including the port that the kernel has chosen.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Gets a task that completes when accepting has ended, or faults when accepting has failed.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Stops accepting. Connections that were accepted stay open.</summary>
    public void Dispose() => _accepting?.Dispose();

    /// <summary>Starts to accept. Call once.</summary>
    /// <exception cref="ZcrxException">The port already belongs to another queue.</exception>
    internal void Start(Func<IObserver<ZcrxConnection>, IDisposable> accept, Func<ZcrxConnection, CancellationToken, Task> handler)
    {
        // The handler's task is not awaited, because it never faults and the connection counts the handler as work.
        _accepting = accept(Observer.Create<ZcrxConnection>(
            connection => _ = connection.HandleAsync(handler),
            error => _completion.TrySetException(error),
            () => _completion.TrySetResult()));
        if (_completion.Task.Exception?.InnerException is ZcrxException refused)
        {
            throw refused;
        }
    }
}
