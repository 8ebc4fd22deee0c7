using System.Net;
using System.Reactive;
using Zcrx.Interop;

namespace Zcrx.Rx;

/// <summary>Represents a port on which a queue accepts connections; see <see cref="ZcrxQueue.Listen(IPEndPoint, Func{ZcrxConnection, CancellationToken, Task}, ZcrxListenOptions?)"/>.</summary>
/// <remarks>Ownership: the caller of <c>Listen</c>. A queue that ends closes its listeners. Threading: all members from any thread.</remarks>
public sealed class ZcrxListener : IDisposable
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IDisposable? _accepting;

    internal ZcrxListener(IPEndPoint endPoint) => EndPoint = endPoint;

    /// <summary>Gets the bound address, with the port that the kernel has chosen.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Gets a task that ends when nothing more is accepted. It faults when accepting fails.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Stops accepting. Connections stay open.</summary>
    public void Dispose() => _accepting?.Dispose();

    /// <summary>Starts to accept, once.</summary>
    /// <exception cref="ZcrxException">The port belongs to another queue.</exception>
    internal void Start(Func<IObserver<ZcrxConnection>, IDisposable> accept, Func<ZcrxConnection, CancellationToken, Task> handler)
    {
        // The task of a handler never faults, and the connection knows that it runs.
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
