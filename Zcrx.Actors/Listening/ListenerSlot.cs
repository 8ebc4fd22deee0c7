using System.Net;
using System.Net.Sockets;
using Zcrx.Rx;

namespace Zcrx.Actors.Listening;

/// <summary>
/// Holds the socket and the counters of a listener. This object survives restarts of the listener's actor and of the queues.
/// </summary>
/// <param name="options">The options. They must not change.</param>
/// <param name="kept">
/// The ports of a predecessor, for a listener that was added at run time. Null for a configured listener, which gets its predecessor's
/// socket from <see cref="TryTakeOver"/>.
/// </param>
internal sealed class ListenerSlot(ZcrxListenerOptions options, KeptPorts? kept = null)
{
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? _socket;
    private IPEndPoint? _endPoint;
    private int _connections;
    private long _accepted;

    public string Name => options.EffectiveName;

    public bool IsAdded => kept is not null;

    /// <summary>Gets the configured address as text.</summary>
    public string Address => options.EndPoint;

    /// <summary>Gets the object that enforces the limits of the listener. All queues share it.</summary>
    public ListenerGate Gate { get; } = new(options.EffectiveName, options);

    public Func<ZcrxConnection, IDisposable> Handler => options.Handler!;

    /// <summary>Gets the bound address; null while the socket is not bound.</summary>
    public IPEndPoint? EndPoint => Volatile.Read(ref _socket) is null ? null : _endPoint;

    /// <summary>Gets a value indicating whether the listener is bound or was bound before a restart of the supervisor.</summary>
    public bool WasBound => _endPoint is not null;

    public int Connections => Volatile.Read(ref _connections);

    public long Accepted => Interlocked.Read(ref _accepted);

    /// <summary>Takes over the socket of the predecessor, if the predecessor listens at the same address.</summary>
    /// <returns>True if the socket was taken over.</returns>
    public bool TryTakeOver(ZcrxTakeover takeover)
    {
        if (!ListenEndPoint.TryParse(options.EndPoint, out IPEndPoint? endPoint) || takeover.TakeListener(Name, endPoint) is not { } socket)
        {
            return false;
        }

        ListenSocket.Configure(socket, options);
        _endPoint = (IPEndPoint)socket.LocalEndPoint!;
        Volatile.Write(ref _socket, socket);
        return true;
    }

    /// <summary>
    /// Returns the bound socket. Binds a new one if there is none. After a close, the new socket has the same port, even if the kernel
    /// chose the port.
    /// </summary>
    public Socket Bind()
    {
        if (_socket is { } bound)
        {
            return bound;
        }

        IPEndPoint endPoint = _endPoint ?? (ListenEndPoint.TryParse(options.EndPoint, out IPEndPoint? parsed) ? parsed : throw new InvalidOperationException("Validated before."));
        Socket socket = TakeKept(endPoint) ?? ListenSocket.Bind(endPoint, options);
        _endPoint = (IPEndPoint)socket.LocalEndPoint!;
        Volatile.Write(ref _socket, socket);
        return socket;
    }

    /// <summary>Gets the bound socket, which a successor can take over; null while there is none.</summary>
    public Socket? Socket => Volatile.Read(ref _socket);

    public void Close()
    {
        if (Interlocked.Exchange(ref _socket, null) is { } socket)
        {
            kept?.Remove(socket);
            socket.Dispose();
        }
    }

    /// <summary>Records that the listener is published. Its socket leaves the kept ports, because a successor now finds it here.</summary>
    public void OnPublished()
    {
        if (Socket is { } socket)
        {
            kept?.Remove(socket);
        }
    }

    /// <summary>Gets a task that ends when the port is closed and will not be opened again.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Records that the port is closed and will not be opened again.</summary>
    public void OnPortClosed() => _closed.TrySetResult();

    public void OnOpened()
    {
        Interlocked.Increment(ref _accepted);
        Interlocked.Increment(ref _connections);
    }

    public void OnClosed() => Interlocked.Decrement(ref _connections);

    private Socket? TakeKept(IPEndPoint endPoint)
    {
        if (kept?.Take(Name, endPoint) is not { } socket)
        {
            return null;
        }

        try
        {
            ListenSocket.Configure(socket, options);
            return socket;
        }
        catch
        {
            // The kernel refused an option of the application. A socket without this option must not be used.
            kept.Remove(socket);
            socket.Dispose();
            throw;
        }
    }
}
