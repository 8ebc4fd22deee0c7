using System.Net;
using System.Net.Sockets;
using System.Reactive.Disposables;
using Zcrx.Interop;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Listening;

namespace Zcrx.Rx.Queues;

/// <summary>Creates listening sockets for a queue. The ring thread of the queue accepts on them. Thread-safe.</summary>
internal sealed class QueueListening(QueueLoop loop)
{
    /// <summary>Accepts connections on an address. The socket is bound on subscription.</summary>
    public IObservable<ZcrxConnection> Listen(IPEndPoint endPoint, ZcrxListenOptions options) => new AcceptedConnections(observer =>
    {
        Socket socket;
        try
        {
            socket = ListenSocket.Bind(endPoint, options);
        }
        catch (ZcrxException exception)
        {
            observer.OnError(exception);
            return Disposable.Empty;
        }

        return Accept(socket, observer, new ListenerGate(endPoint.ToString(), options));
    });

    /// <summary>Accepts connections on a listening socket that the caller owns.</summary>
    public IObservable<ZcrxConnection> Listen(Socket listener, ListenerGate? gate) => new AcceptedConnections(observer =>
    {
        Socket own;
        try
        {
            own = SocketOwnership.Duplicate(listener);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or ZcrxException)
        {
            observer.OnError(exception);
            return Disposable.Empty;
        }

        return Accept(own, observer, gate);
    });

    /// <summary>Accepts connections on an address and runs a handler for each connection.</summary>
    public ZcrxListener Listen(IPEndPoint endPoint, Func<ZcrxConnection, CancellationToken, Task> handler, ZcrxListenOptions options)
    {
        Socket socket = ListenSocket.Bind(endPoint, options);
        ZcrxListener listener = new((IPEndPoint)socket.LocalEndPoint!);
        listener.Start(observer => Accept(socket, observer, new ListenerGate(endPoint.ToString(), options)), handler);
        return listener;
    }

    private IDisposable Accept(Socket socket, IObserver<ZcrxConnection> observer, ListenerGate? gate)
    {
        IDisposable port = Disposable.Empty;
        try
        {
            // The port's flow rules must exist before the first connection is accepted, because they determine the RX queue of each new
            // connection.
            port = loop.Engine.Nic?.ClaimPort((IPEndPoint)socket.LocalEndPoint!) ?? port;
        }
        catch (ZcrxException exception)
        {
            socket.Dispose();
            observer.OnError(exception);
            return Disposable.Empty;
        }

        ListenerEntry entry = new(socket, new AcceptObserver(observer), gate);
        loop.AddListener(entry);
        return Disposable.Create((loop, entry, port), static state =>
        {
            state.loop.RemoveListener(state.entry);
            state.port.Dispose();
        });
    }
}
