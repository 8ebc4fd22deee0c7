using System.Buffers;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Operators;

/// <summary>Represents the connection or socket to which a stream is forwarded.</summary>
internal abstract class ForwardTarget
{
    /// <summary>
    /// Sends as many bytes as the target has room for, without waiting. If the send fails, <see cref="SendAsync"/> reports the error.
    /// </summary>
    /// <returns>The number of bytes that were sent.</returns>
    public abstract int TrySend(ReadOnlySpan<IoVector> pieces);

    /// <summary>Sends all bytes, and waits for room if necessary.</summary>
    public abstract ValueTask SendAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Shuts down sending, because the stream has ended.</summary>
    public abstract void End();

    /// <summary>Forwards to a connection of this library.</summary>
    /// <param name="connection">The connection that receives the bytes.</param>
    /// <param name="schedule">
    /// After a wait for room, runs the continuation on the ring thread of the source; null for the thread pool.
    /// </param>
    public sealed class OfConnection(ZcrxConnection connection, Action<Action>? schedule) : ForwardTarget
    {
        public override int TrySend(ReadOnlySpan<IoVector> pieces) => connection.TrySend(pieces);

        public override ValueTask SendAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellationToken) => connection.SendAsync(bytes, schedule, cancellationToken);

        public override void End() => connection.ShutdownSend();
    }

    /// <summary>Forwards to a socket of the application.</summary>
    public sealed class OfSocket(Socket socket) : ForwardTarget
    {
        public override int TrySend(ReadOnlySpan<IoVector> pieces) => GatheredSend.Send(socket.SafeHandle, pieces, out _);

        public override async ValueTask SendAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellationToken)
        {
            while (!bytes.IsEmpty)
            {
                int sent = GatheredSend.Send(socket.SafeHandle, in bytes, out SocketError error);
                if (error == SocketError.WouldBlock)
                {
                    // An asynchronous send of the first piece waits for room. The caller holds the leases until this send has completed.
                    sent = await socket.SendAsync(bytes.First, cancellationToken).ConfigureAwait(false);
                }
                else if (error != SocketError.Success)
                {
                    throw new SocketException((int)error);
                }

                bytes = bytes.Slice(sent);
            }
        }

        public override void End() => socket.Shutdown(SocketShutdown.Send);
    }
}
