using System.Net;
using Akka;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Zcrx.Actors.Streams;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>Represents an accepted connection whose bytes are a flow; see <see cref="ZcrxStreamsExtensions"/>.</summary>
/// <remarks>
/// One of its flows can be materialized, once. The flow ends the connection: in order when both sides have completed, and with a reset when it fails. A connection
/// that is not materialized within <see cref="ZcrxQueueOptions.UnobservedTimeout"/> is reset. Threading: all members from any thread.
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

    /// <summary>Gets the address of the peer, or null if it disconnected before it could be read.</summary>
    public IPEndPoint? RemoteAddress { get; }

    /// <summary>Gets the connection, for its counters and options. The flow observes and sends; do not subscribe, send or close.</summary>
    public ZcrxConnection Connection { get; }

    /// <summary>
    /// Gets the flow that sends its input to the peer and emits the bytes from the peer. Every byte is copied once, because a
    /// <see cref="ByteString"/> owns its memory.
    /// </summary>
    public Flow<ByteString, ByteString, NotUsed> Flow => WithIdleTimeout(Akka.Streams.Dsl.Flow.FromGraph(Stage(connection => connection.Buffers, ByteStrings.Copy, ByteStrings.Combine)));

    /// <summary>Handles the connection with a flow: runs it, joined to <see cref="Flow"/>.</summary>
    /// <typeparam name="TMat">The type of the flow's materialized value.</typeparam>
    /// <param name="handler">The flow. Its input is the bytes from the peer, and its output is sent to the peer.</param>
    /// <param name="materializer">Runs it.</param>
    /// <returns>The materialized value of the flow.</returns>
    public TMat HandleWith<TMat>(Flow<ByteString, ByteString, TMat> handler, IMaterializer materializer)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Flow.JoinMaterialized(handler, Keep.Right).Run(materializer);
    }

    /// <summary>Gets a flow whose output is made of borrowed buffers, without copying them.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="selector">Creates the element of a buffer, inside <c>OnNext</c>. The buffer is valid until it returns, and the element
    /// must not refer to its memory. Called on the ring thread, so it must be quick. An exception fails the flow and resets the
    /// connection.</param>
    /// <returns>The flow.</returns>
    public Flow<ByteString, T, NotUsed> MapBuffers<T>(Func<ReceivedBuffer, T> selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        return WithIdleTimeout(Akka.Streams.Dsl.Flow.FromGraph(Stage(static connection => connection.Buffers, selector, null)));
    }

    /// <summary>Gets a flow whose output is made of borrowed frames, without copying them.</summary>
    /// <typeparam name="T">The type of the elements.</typeparam>
    /// <param name="frames">Cuts the buffers of the connection: <c>buffers => buffers.Frames(LengthPrefix.UInt32BigEndian, maxLength)</c>.</param>
    /// <param name="selector">Creates the element of a frame, as for <see cref="MapBuffers"/>.</param>
    /// <returns>The flow.</returns>
    public Flow<ByteString, T, NotUsed> MapFrames<T>(Func<IObservable<ReceivedBuffer>, IObservable<ReceivedFrame>> frames, Func<ReceivedFrame, T> selector)
    {
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentNullException.ThrowIfNull(selector);
        return WithIdleTimeout(Akka.Streams.Dsl.Flow.FromGraph(Stage(connection => frames(connection.Buffers), selector, null)));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Connection}";

    private IncomingStage<T> Stage<TBorrowed, T>(Func<ZcrxConnection, IObservable<TBorrowed>> source, Func<TBorrowed, T> selector, Func<T, T, T>? combine) => new(
        Connection,
        () => Interlocked.Exchange(ref _isUsed, 1) == 0,
        (connection, wake) => new Elements<TBorrowed, T>(connection, source(connection), selector, combine, wake),
        _halfClose);

    private Flow<ByteString, T, NotUsed> WithIdleTimeout<T>(Flow<ByteString, T, NotUsed> flow) => IdleTimeout.Join(flow, _idleTimeout);
}
