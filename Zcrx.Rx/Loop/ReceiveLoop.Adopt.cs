using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Loop;

/// <content>Connections that come from another queue, or back from one that was closed meanwhile.</content>
internal sealed unsafe partial class ReceiveLoop
{
    /// <summary>Takes along what the observers have not received yet, as copies: it lies in the memory of another queue.</summary>
    private void CarryOver(ZcrxConnection connection)
    {
        if (connection.FormerLedger is not { } former)
        {
            return;
        }

        connection.FormerLedger = null;
        for (int i = connection.Undelivered.Count; i > 0; i--)
        {
            int slot = connection.Undelivered.Dequeue();
            ref LeaseSlot kept = ref former[slot];
            connection.Undelivered.Enqueue(_queue.Ledger.KeepCopy(kept.Address, kept.Length, kept.StreamOffset, connection.Holder));
            former.Release(slot);
        }
    }

    /// <summary>The target is closed. Any thread.</summary>
    internal void TakeHome(ZcrxConnection connection, ConnectionMove move) => Post(
        () =>
        {
            Adopt(connection, move);
            move.Refuse(move.Target!.Name);
        },
        () => Abandon(connection, move));

    internal void Adopt(ZcrxConnection connection, ConnectionMove move)
    {
        if ((_stopping || (_draining && !move.IsRescue)) && move.Source != this)
        {
            move.Source.TakeHome(connection, move);
            return;
        }

        (int slot, uint generation) = _connections.Reserve();
        connection.Rebind(this, slot, generation);
        connection.Move = null;
        connection.IsStranded = false;
        _connections.Set(slot, connection);
        Counters.Connections = _connections.Count;
        // Pairs with the exchange in TakeCommands: either we see what was changed on the way, or they see where the connection is now.
        Interlocked.MemoryBarrier();
        try
        {
            CarryOver(connection);
            if (move.Parked is { } parked)
            {
                // The sender may have asked while it was on its way.
                move.AwaitsRoom = move.Source.Parking!.Leave(parked);
            }

            connection.IsLeaving = _keeps;
            if (_stopping && !_keeps)
            {
                connection.RequestClose(abort: false);
            }

            if (move.AwaitsRoom || connection.AwaitsRoomOnArrival)
            {
                connection.AwaitsRoomOnArrival = false;
                AwaitRoom(connection);
            }

            BringInLine(connection);
        }
        finally
        {
            if (move.Target == this)
            {
                Counters.ConnectionsMovedIn++;
                move.Watcher?.OnArrived();
                move.Succeed();
            }
        }
    }

    /// <summary>Both queues were closed meanwhile. Nothing was lost; it waits for another queue, if somebody sees to that. Any thread.</summary>
    private void Abandon(ZcrxConnection connection, ConnectionMove move)
    {
        if (move.Parked is { } parked)
        {
            Parking!.TakeBack(parked, move.Target!);
            Parking.Consider(connection);
        }
        else if (Parking is not null)
        {
            Parking.Add(connection, this, move.AwaitsRoom);
            Parking.Consider(connection);
        }
        else
        {
            ConnectionParking.EndUnwanted(connection);
            move.GiveUp();
            return;
        }

        if (move.IsContinuation)
        {
            move.GiveUp();
        }
        else
        {
            move.Refuse(move.Target!.Name);
        }
    }
}
