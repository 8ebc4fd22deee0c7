using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Moving;

/// <summary>Transfers the socket of a connection to another owner.</summary>
internal static class Detachment
{
    /// <summary>Ends the stream at the position that the observers have reached. Only the connection's owner calls it: its ring thread, or the suspended connections.</summary>
    /// <param name="connection">The connection. The kernel has no request of it.</param>
    /// <param name="move">Gets the bytes that no observer has received.</param>
    public static void Complete(ConnectionReceiver connection, ConnectionMove move)
    {
        // A consumer of frames has received a buffer whose remaining bytes wait and were not passed on.
        byte[] waiting = connection.Postponed.CopyMostWaiting();
        long delivered = connection.Delivered - waiting.Length;
        byte[] undelivered = connection.Undelivered.ToArray();
        move.Unread = waiting.Length == 0 ? undelivered : (byte[])[.. waiting, .. undelivered];
        connection.EndMove();
        connection.Stream.End(new ZcrxStreamException($"Receiving on {connection}", 0, delivered, "the connection was detached, and its socket has another owner", ""));
        connection.Control.ReleaseSocket();
        move.Succeed();
    }
}
