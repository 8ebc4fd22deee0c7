using System.Buffers;
using System.Net.Sockets;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Operators;

/// <summary>Represents the target to which a stream is forwarded.</summary>
internal abstract class ForwardTarget
{
    /// <summary>Sends as many bytes as fit at once. After a failure, <see cref="SendAsync"/> reports the error.</summary>
    /// <returns>The number of bytes.</returns>
    public abstract int TrySend(ReadOnlySpan<IoVector> pieces);

    /// <summary>Sends everything.</summary>
    public abstract ValueTask SendAsync(ReadOnlySequence<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Ends sending.</summary>
    public abstract void End();

    /// <summary>Forwards to a connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="schedule">Continues after a wait for room: on the ring thread of the source, or null for the thread pool.</param>
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
                    // Sends the first piece asynchronously, to wait for room. The leases are held until the send has completed.
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
