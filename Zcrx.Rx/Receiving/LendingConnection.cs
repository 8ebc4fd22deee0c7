using Zcrx.Interop.Leases;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>Finds the connection of a borrowed buffer, by the user data of its receive. Any thread.</summary>
/// <remarks>
/// A delivery publishes one number for each buffer, because the garbage collector's write barriers make references to the connection and
/// its holder expensive. While an observer has a buffer, its connection stays in the table.
/// </remarks>
internal sealed class LendingConnection(SlotTable<ConnectionReceiver> connections, BorrowScope borrow) : IHolderTable, IRingSubject
{
    // Null if the delivery has continued with another buffer, because another connection may have the slot now.
    public object? Current
    {
        get
        {
            ulong tag = borrow.Tag;
            return Of(tag) is { } connection && connection.ReceiveTag == tag ? connection : null;
        }
    }

    public BufferHolder? Find(ulong tag) => Of(tag)?.Holder;

    private ConnectionReceiver? Of(ulong tag) =>
        UserData.Decode(tag) is { Kind: RequestKind.Receive } data ? connections.Find(data.Slot, data.Generation) : null;
}
