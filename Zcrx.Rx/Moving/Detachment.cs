using Zcrx.Interop.Leases;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Moving;

/// <summary>Gives the socket of a connection to another owner.</summary>
internal static class Detachment
{
    /// <summary>Ends the stream where the observers were left. The caller is the only one that has the connection: its ring thread, or the suspended connections.</summary>
    /// <param name="connection">The connection. Nothing of it is with the kernel.</param>
    /// <param name="ledger">The ledger with its undelivered buffers; null when there are none.</param>
    /// <param name="move">Gets the bytes that no observer has received.</param>
    public static unsafe void Complete(ConnectionReceiver connection, BufferLedger? ledger, ConnectionMove move)
    {
        using MemoryStream unread = new();
        long delivered = connection.Delivered(ledger);
        while (ledger is not null && connection.Undelivered.TryDequeue(out int index))
        {
            ref LeaseSlot slot = ref ledger[index];
            unread.Write(new ReadOnlySpan<byte>(slot.Address, slot.Length));
            ledger.Release(index);
        }

        move.Unread = unread.ToArray();
        connection.FormerLedger = null;
        connection.EndMove();
        connection.Stream.End(new ZcrxStreamException($"Receiving on {connection}", 0, delivered, "the connection was detached, and its socket has another owner", ""));
        connection.Control.ReleaseSocket();
        move.Succeed();
    }
}
