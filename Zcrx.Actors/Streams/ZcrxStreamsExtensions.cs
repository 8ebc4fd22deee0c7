using System.Net;
using Akka;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Zcrx.Actors.Streams;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Provides listeners and connections for Akka.Streams, like <c>system.TcpStream()</c>.</summary>
/// <remarks>
/// To migrate a program, replace <c>system.TcpStream().Bind(host, port)</c> by <c>zcrx.Bind(host, port)</c>. See docs/streams.md for the
/// differences.
/// </remarks>
public static class ZcrxStreamsExtensions
{
    /// <summary>The default number of connections that may wait in the kernel. The same number may wait in the stream.</summary>
    public const int DefaultBacklog = 4096;

    /// <summary>Binds a listener for each materialization, and emits the connections that it accepts.</summary>
    /// <param name="zcrx">The running Zcrx service.</param>
    /// <param name="host">The address: an IP address, <c>localhost</c>, or <c>*</c> for all addresses.</param>
    /// <param name="port">The port; 0 lets the kernel choose.</param>
    /// <param name="backlog">The number of connections that may wait in the kernel. The same number of accepted connections may wait in the
    /// stream for demand of the downstream. Further connections are reset.</param>
    /// <param name="halfClose">
    /// True if a connection still receives after the upstream of its flow has completed. False to close it then.
    /// </param>
    /// <param name="idleTimeout">The time for which a connection may be idle in both directions before its flow fails; null for no
    /// limit.</param>
    /// <returns>
    /// A source of connections. It completes when the listener is unbound. Cancelling it unbinds the listener. Emitted connections
    /// continue in both cases. If the listener cannot be bound, the stream and the materialized task fail; see
    /// <see cref="IZcrx.AddListenerAsync"/>.
    /// </returns>
    public static Source<ZcrxIncomingConnection, Task<ZcrxServerBinding>> Bind(
        this IZcrx zcrx, string host, int port, int backlog = DefaultBacklog, bool halfClose = false, TimeSpan? idleTimeout = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        string endPoint = IPAddress.TryParse(host, out IPAddress? address) ? new IPEndPoint(address, port).ToString() : $"{host}:{port}";
        return Bind(zcrx, () => new ZcrxListenerOptions { EndPoint = endPoint, Backlog = backlog }, halfClose, idleTimeout);
    }

    /// <summary>Binds a listener for each materialization, with options such as its name and limits.</summary>
    /// <param name="zcrx">The running Zcrx service.</param>
    /// <param name="endPoint">
    /// The address: <c>[::]:9000</c> (IPv4 too), <c>127.0.0.1:9000</c>, <c>*:9000</c>. With port 0, the kernel chooses the port.
    /// </param>
    /// <param name="configure">Sets options of the listener, such as its name, limits and backlog; null for the defaults. Called for each
    /// materialization.</param>
    /// <param name="halfClose">
    /// True if a connection still receives after the upstream of its flow has completed. False to close it then.
    /// </param>
    /// <param name="idleTimeout">The time for which a connection may be idle in both directions before its flow fails; null for no
    /// limit.</param>
    /// <returns>A source of connections, as for <see cref="Bind(IZcrx, string, int, int, bool, TimeSpan?)"/>.</returns>
    public static Source<ZcrxIncomingConnection, Task<ZcrxServerBinding>> Bind(
        this IZcrx zcrx, string endPoint, Action<ZcrxListenerOptions>? configure = null, bool halfClose = false, TimeSpan? idleTimeout = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return Bind(zcrx, Create, halfClose, idleTimeout);

        ZcrxListenerOptions Create()
        {
            ZcrxListenerOptions options = new() { EndPoint = endPoint };
            configure?.Invoke(options);
            return options;
        }
    }

    /// <summary>Binds a listener, and handles each connection with a flow.</summary>
    /// <param name="zcrx">The running Zcrx service.</param>
    /// <param name="handler">The flow. It is materialized for every connection.</param>
    /// <param name="materializer">Runs the listener and the flows.</param>
    /// <param name="host">The address, as for <see cref="Bind(IZcrx, string, int, int, bool, TimeSpan?)"/>.</param>
    /// <param name="port">The port; 0 lets the kernel choose.</param>
    /// <param name="backlog">
    /// The number of connections that may wait, as for <see cref="Bind(IZcrx, string, int, int, bool, TimeSpan?)"/>.
    /// </param>
    /// <param name="halfClose">
    /// True if a connection still receives after the upstream of its flow has completed. False to close it then.
    /// </param>
    /// <param name="idleTimeout">The idle timeout of the connections; null for no limit.</param>
    /// <returns>The binding, with the bound address and a method to unbind.</returns>
    public static Task<ZcrxServerBinding> BindAndHandle(
        this IZcrx zcrx,
        Flow<ByteString, ByteString, NotUsed> handler,
        IMaterializer materializer,
        string host,
        int port,
        int backlog = DefaultBacklog,
        bool halfClose = false,
        TimeSpan? idleTimeout = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Bind(zcrx, host, port, backlog, halfClose, idleTimeout)
            .To(Sink.ForEach<ZcrxIncomingConnection>(connection => connection.HandleWith(handler, materializer)))
            .Run(materializer);
    }

    /// <summary>Binds a listener, and handles each connection with an asynchronous handler.</summary>
    /// <param name="zcrx">The running Zcrx service.</param>
    /// <param name="handler">The handler, as for <see cref="ZcrxIncomingConnection.HandleWith(Func{ZcrxConnection, CancellationToken, Task})"/>.</param>
    /// <param name="materializer">Runs the listener.</param>
    /// <param name="host">The address, as for <see cref="Bind(IZcrx, string, int, int, bool, TimeSpan?)"/>.</param>
    /// <param name="port">The port; 0 lets the kernel choose.</param>
    /// <param name="backlog">
    /// The number of connections that may wait, as for <see cref="Bind(IZcrx, string, int, int, bool, TimeSpan?)"/>.
    /// </param>
    /// <returns>The binding, with the bound address and a method to unbind.</returns>
    public static Task<ZcrxServerBinding> BindAndHandle(
        this IZcrx zcrx, Func<ZcrxConnection, CancellationToken, Task> handler, IMaterializer materializer, string host, int port, int backlog = DefaultBacklog)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Bind(zcrx, host, port, backlog)
            .To(Sink.ForEach<ZcrxIncomingConnection>(connection => _ = connection.HandleWith(handler)))
            .Run(materializer);
    }

    /// <summary>Connects to a server for each materialization.</summary>
    /// <param name="zcrx">The running Zcrx service.</param>
    /// <param name="remoteAddress">The server: an <see cref="IPEndPoint"/> or a <see cref="DnsEndPoint"/>.</param>
    /// <param name="halfClose">True if the connection still receives after the upstream has completed. False to close it then.</param>
    /// <param name="connectionTimeout">The time limit for connecting; null if only the limit of the kernel applies.</param>
    /// <param name="idleTimeout">The time for which the connection may be idle in both directions before the flow fails; null for no
    /// limit.</param>
    /// <returns>
    /// The flow. Its input is sent to the server, and its output is the bytes from the server. If the server cannot be reached, the flow
    /// and the materialized task fail.
    /// </returns>
    public static Flow<ByteString, ByteString, Task<ZcrxOutgoingConnection>> OutgoingConnection(
        this IZcrx zcrx, EndPoint remoteAddress, bool halfClose = true, TimeSpan? connectionTimeout = null, TimeSpan? idleTimeout = null)
    {
        return Connect(
            zcrx,
            remoteAddress,
            static (connection, wake) => new Elements<ReceivedBuffer, ByteString>(connection, connection.Buffers, ByteStrings.Copy, ByteStrings.Combine, wake),
            halfClose,
            connectionTimeout,
            idleTimeout);
    }

    /// <summary>Connects to a server for each materialization.</summary>
    /// <param name="zcrx">The running Zcrx service.</param>
    /// <param name="host">The server's name or IP address.</param>
    /// <param name="port">The server's port.</param>
    /// <returns>The flow, as for <see cref="OutgoingConnection(IZcrx, EndPoint, bool, TimeSpan?, TimeSpan?)"/>.</returns>
    public static Flow<ByteString, ByteString, Task<ZcrxOutgoingConnection>> OutgoingConnection(this IZcrx zcrx, string host, int port)
    {
        ArgumentNullException.ThrowIfNull(host);
        return OutgoingConnection(zcrx, IPAddress.TryParse(host, out IPAddress? address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port));
    }

    /// <summary>
    /// Connects to a server for each materialization, and maps borrowed buffers to elements without copying the buffers.
    /// </summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="zcrx">The running Zcrx service.</param>
    /// <param name="remoteAddress">The server: an <see cref="IPEndPoint"/> or a <see cref="DnsEndPoint"/>.</param>
    /// <param name="selector">Creates the element of a buffer, as for <see cref="ZcrxIncomingConnection.MapBuffers"/>.</param>
    /// <param name="halfClose">True if the connection still receives after the upstream has completed. False to close it then.</param>
    /// <param name="connectionTimeout">The time limit for connecting; null if only the limit of the kernel applies.</param>
    /// <param name="idleTimeout">The idle timeout of the connection; null for no limit.</param>
    /// <returns>The flow, as for <see cref="OutgoingConnection(IZcrx, EndPoint, bool, TimeSpan?, TimeSpan?)"/>.</returns>
    public static Flow<ByteString, T, Task<ZcrxOutgoingConnection>> OutgoingBuffers<T>(
        this IZcrx zcrx, EndPoint remoteAddress, Func<ReceivedBuffer, T> selector, bool halfClose = true, TimeSpan? connectionTimeout = null, TimeSpan? idleTimeout = null)
    {
        ArgumentNullException.ThrowIfNull(selector);
        return Connect(
            zcrx,
            remoteAddress,
            (connection, wake) => new Elements<ReceivedBuffer, T>(connection, connection.Buffers, selector, null, wake),
            halfClose,
            connectionTimeout,
            idleTimeout);
    }

    /// <summary>
    /// Connects to a server for each materialization, and maps borrowed frames to elements without copying the frames.
    /// </summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="zcrx">The running Zcrx service.</param>
    /// <param name="remoteAddress">The server: an <see cref="IPEndPoint"/> or a <see cref="DnsEndPoint"/>.</param>
    /// <param name="frames">
    /// Cuts the buffers of the connection: <c>buffers => buffers.Frames(LengthPrefix.UInt32BigEndian, maxLength)</c>.
    /// </param>
    /// <param name="selector">Creates the element of a frame, as for <see cref="ZcrxIncomingConnection.MapFrames"/>.</param>
    /// <param name="halfClose">True if the connection still receives after the upstream has completed. False to close it then.</param>
    /// <param name="connectionTimeout">The time limit for connecting; null if only the limit of the kernel applies.</param>
    /// <param name="idleTimeout">The idle timeout of the connection; null for no limit.</param>
    /// <returns>The flow, as for <see cref="OutgoingConnection(IZcrx, EndPoint, bool, TimeSpan?, TimeSpan?)"/>.</returns>
    public static Flow<ByteString, T, Task<ZcrxOutgoingConnection>> OutgoingFrames<T>(
        this IZcrx zcrx,
        EndPoint remoteAddress,
        Func<IObservable<ReceivedBuffer>, IObservable<ReceivedFrame>> frames,
        Func<ReceivedFrame, T> selector,
        bool halfClose = true,
        TimeSpan? connectionTimeout = null,
        TimeSpan? idleTimeout = null)
    {
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentNullException.ThrowIfNull(selector);
        return Connect(
            zcrx,
            remoteAddress,
            (connection, wake) => new Elements<ReceivedFrame, T>(connection, frames(connection.Buffers), selector, null, wake),
            halfClose,
            connectionTimeout,
            idleTimeout);
    }

    private static Flow<ByteString, T, Task<ZcrxOutgoingConnection>> Connect<T>(
        IZcrx zcrx, EndPoint remoteAddress, Func<ZcrxConnection, Action, IElements<T>> receive, bool halfClose, TimeSpan? connectionTimeout, TimeSpan? idleTimeout)
    {
        ArgumentNullException.ThrowIfNull(zcrx);
        ArgumentNullException.ThrowIfNull(remoteAddress);
        return IdleTimeout.Join(Flow.FromGraph(new OutgoingStage<T>(zcrx, remoteAddress, receive, halfClose, connectionTimeout)), idleTimeout);
    }

    private static Source<ZcrxIncomingConnection, Task<ZcrxServerBinding>> Bind(IZcrx zcrx, Func<ZcrxListenerOptions> listener, bool halfClose, TimeSpan? idleTimeout)
    {
        ArgumentNullException.ThrowIfNull(zcrx);
        return Source.FromGraph(new BindStage(zcrx, listener, halfClose, idleTimeout));
    }
}
