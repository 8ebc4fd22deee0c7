using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Moving;

/// <summary>Transfers the socket of a connection to another owner.</summary>
internal static class Detachment
{
    /// <summary>Ends the stream at the position that the observers have reached, and releases the socket.</summary>
    /// <remarks>Called only by the owner of the connection: its ring thread, or <see cref="SuspendedConnectionOwner"/>.</remarks>
    /// <param name="connection">The connection. The kernel has no request for it.</param>
    /// <param name="move">The move, which receives the bytes that no observer has received.</param>
    public static void Complete(ConnectionReceiver connection, ConnectionMove move)
    {
        // A consumer of frames may hold received bytes that it has not passed on, such as an incomplete frame. They count as unread.
        byte[] waiting = connection.Postponed.CopyMostWaiting();
        long delivered = connection.Delivered - waiting.Length;
        byte[] undelivered = connection.Undelivered.ToArray();
        move.Unread = waiting.Length == 0 ? undelivered : (byte[])[.. waiting, .. undelivered];
        connection.EndMove();
        connection.EndStream(new ZcrxStreamException($"Receiving on {connection}", 0, delivered, "the connection was detached, and its socket has another owner", ""));
        connection.Control.ReleaseSocket();
        move.Succeed();
    }
}
