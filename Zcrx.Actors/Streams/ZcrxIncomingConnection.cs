using System.Net;
using Akka;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Zcrx.Actors.Streams;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents a connection that a listener of <see cref="ZcrxStreamsExtensions"/> has accepted.</summary>
/// <remarks>
/// Either one flow of the connection can be materialized, and only once, or an asynchronous handler can run. The flow closes the connection
/// in order when both directions have completed, and resets it on a failure. If neither begins within
/// <see cref="ZcrxQueueOptions.UnobservedTimeout"/>, the connection is reset. Threading: all members are callable on any thread.
/// </remarks>
public sealed class ZcrxIncomingConnection
{
    private readonly bool _halfClose;
    private readonly TimeSpan? _idleTimeout;
    private int _isUsed;

    internal ZcrxIncomingConnection(ZcrxConnection connection, bool halfClose, TimeSpan? idleTimeout)
    {
        (Connection, _halfClose, _idleTimeout) = (connection, halfClose, idleTimeout);
        LocalAddress = connection.LocalEndPoint;
        RemoteAddress = connection.RemoteEndPoint;
    }

    /// <summary>Gets the local address.</summary>
    public IPEndPoint? LocalAddress { get; }

    /// <summary>Gets the address of the peer; null if the peer disconnected before its address could be read.</summary>
    public IPEndPoint? RemoteAddress { get; }

    /// <summary>Gets the connection, for its counters and options. Do not subscribe, send or close: the flow or the handler does
    /// this.</summary>
    public ZcrxConnection Connection { get; }

    /// <summary>
    /// Gets the flow that sends its input to the peer and emits the bytes from the peer. Every byte is copied once, because a
    /// <see cref="ByteString"/> owns its memory.
    /// </summary>
    public Flow<ByteString, ByteString, NotUsed> Flow => WithIdleTimeout(Akka.Streams.Dsl.Flow.FromGraph(Stage(connection => connection.Buffers, ByteStrings.Copy, ByteStrings.Combine)));

    /// <summary>Joins a flow to <see cref="Flow"/>, and runs both.</summary>
    /// <typeparam name="TMat">The type of the materialized value of the flow.</typeparam>
    /// <param name="handler">The flow. Its input is the bytes from the peer, and its output is sent to the peer.</param>
    /// <param name="materializer">Runs the flow.</param>
    /// <returns>The materialized value of the flow.</returns>
    public TMat HandleWith<TMat>(Flow<ByteString, ByteString, TMat> handler, IMaterializer materializer)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Flow.JoinMaterialized(handler, Keep.Right).Run(materializer);
    }

    /// <summary>Runs an asynchronous handler instead of a flow. The connection closes when the handler's task ends.</summary>
    /// <param name="handler">The handler, as for <see cref="ZcrxConnection.HandleAsync"/>. It runs on the thread pool.</param>
    /// <returns>
    /// A task that completes when the handler has ended. It never faults: an exception of the handler ends the connection, and is reported
    /// like that of any other consumer.
    /// </returns>
    /// <exception cref="InvalidOperationException">A flow was materialized, or a handler was started.</exception>
    /// <remarks>The half-close and idle timeout of the listener's flows do not apply to the handler.</remarks>
    public Task HandleWith(Func<ZcrxConnection, CancellationToken, Task> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return TryUse() ? Connection.HandleAsync(handler) : throw new InvalidOperationException(UsedMessage(Connection));
    }

    /// <summary>Creates a flow that maps borrowed buffers to elements without copying the buffers.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="selector">
    /// Creates an element from a buffer. The buffer is valid only during the call, and the element must not refer to the memory of the
    /// buffer. Called on the ring thread, so it must be quick. An exception fails the flow and resets the connection.
    /// </param>
    /// <returns>The flow.</returns>
    public Flow<ByteString, T, NotUsed> MapBuffers<T>(Func<ReceivedBuffer, T> selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        return WithIdleTimeout(Akka.Streams.Dsl.Flow.FromGraph(Stage(static connection => connection.Buffers, selector, null)));
    }

    /// <summary>Creates a flow that maps borrowed frames to elements without copying the frames.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="frames">Cuts the buffers of the connection into frames:
    /// <c>buffers => buffers.Frames(LengthPrefix.UInt32BigEndian, maxLength)</c>.</param>
    /// <param name="selector">Creates an element from a frame, as for <see cref="MapBuffers"/>.</param>
    /// <returns>The flow.</returns>
    public Flow<ByteString, T, NotUsed> MapFrames<T>(Func<IObservable<ReceivedBuffer>, IObservable<ReceivedFrame>> frames, Func<ReceivedFrame, T> selector)
    {
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentNullException.ThrowIfNull(selector);
        return WithIdleTimeout(Akka.Streams.Dsl.Flow.FromGraph(Stage(connection => frames(connection.Buffers), selector, null)));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Connection}";

    internal static string UsedMessage(ZcrxConnection connection) => $"The {connection} already has a flow or a handler. It can have only one.";

    private bool TryUse() => Interlocked.Exchange(ref _isUsed, 1) == 0;

    private IncomingStage<T> Stage<TBorrowed, T>(Func<ZcrxConnection, IObservable<TBorrowed>> source, Func<TBorrowed, T> selector, Func<T, T, T>? combine) => new(
        Connection,
        TryUse,
        (connection, wake) => new Elements<TBorrowed, T>(connection, source(connection), selector, combine, wake),
        _halfClose);

    private Flow<ByteString, T, NotUsed> WithIdleTimeout<T>(Flow<ByteString, T, NotUsed> flow) => IdleTimeout.Join(flow, _idleTimeout);
}
