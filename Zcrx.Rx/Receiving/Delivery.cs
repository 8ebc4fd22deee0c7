using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Interop.Queues;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Receiving;

/// <summary>
/// Delivers received buffers to observers, and returns each buffer to the refill queue after its OnNext. Ring thread only.
/// </summary>
/// <remarks>
/// <see cref="DeliverUsual"/> handles buffers that need no special handling, and returns at the first other one. <see cref="DeliverSome"/>
/// handles that one and continues. OnNext of the observer is the only interface call per buffer.
/// </remarks>
internal sealed unsafe class Delivery : IDelivery
{
    private readonly AreaTable _areas;
    private readonly BufferPool _pool;
    private readonly BufferLedger _ledger;
    private readonly SlotTable<ConnectionReceiver> _connections;
    private readonly ReceiveTurn _turn;
    private readonly QueueCounters _counters;
    private readonly RingHeartbeat _heartbeat;
    private readonly LendingConnection _lending;

    public Delivery(AreaTable areas, BufferPool pool, SlotTable<ConnectionReceiver> connections, ReceiveTurn turn, QueueContext context)
    {
        _areas = areas;
        _pool = pool;
        _ledger = pool.Ledger;
        _connections = connections;
        _turn = turn;
        _counters = context.Counters;
        _heartbeat = context.Heartbeat;
        _lending = new LendingConnection(connections, _ledger.Borrow);
        _ledger.Borrow.Holders = _lending;
    }

    /// <summary>
    /// Delivers received buffers from adjacent completions: at least one buffer, and none beyond the first completion that is not received
    /// data.
    /// </summary>
    /// <param name="first">The first completion. It must be received data.</param>
    /// <param name="count">The number of adjacent completions from the first one on, of any kind.</param>
    public void Deliver(Completion* first, uint count)
    {
        DeliveryRun run = new(first, first + count, _turn.Number);
        bool isIntact;
        try
        {
            do
            {
                isIntact = TryFindArea(ref run);
                if (isIntact)
                {
                    DeliverSome(ref run);
                }
            }
            while (isIntact && run.HasNext && !_turn.IsAbandoned);
        }
        catch
        {
            // An exception here is a fault of this library. It is uncertain which observers have received the buffer, so the connection
            // cannot continue.
            if (run.At != run.End)
            {
                UserData data = UserData.Decode(run.At->UserData);
                if (_connections.Find(data.Slot, data.Generation) is { } connection)
                {
                    connection.WasInterrupted = true;
                }

                _turn.CountHandled(1);
            }

            throw;
        }
        finally
        {
            _heartbeat.Leave();
            uint delivered = (uint)(run.At - first);
            _turn.CountHandled(delivered);
            _counters.Buffers += delivered;
            _counters.Bytes += run.Bytes;
        }

        if (!isIntact)
        {
            _turn.MarkCorrupt();
            throw Corrupt(*run.At);
        }
    }

    /// <summary>Delivers at least one buffer, and then further buffers as long as they need no special handling.</summary>
    private void DeliverSome(ref DeliveryRun run)
    {
        if (!TryFindConnection(ref run, run.At->UserData))
        {
            // The connection has left this queue, so its bytes are not delivered. The buffer returns to the kernel.
            run.Bytes += run.At->Result;
            _pool.Return(run.At->BufferOffset);
            run.At++;
            return;
        }

        // The observers are read once per buffer. An observer that unsubscribes on another thread afterwards still receives this buffer, so
        // the buffer is not lost.
        IObserver<ReceivedBuffer>[] observers = run.Connection.Observers.Items;
        if (observers.Length == 0 || run.MustWait)
        {
            LeaseForLater(ref run);
        }
        else if (run.Observer is null || _pool.HasPending)
        {
            _heartbeat.Enter(RingCallback.OnNext, run.Connection);
            DeliverToAll(ref run, observers);
            ReturnBuffer(ref run);
        }
        else
        {
            bool isLent = true;
            _heartbeat.Enter(RingCallback.OnNext, _lending);
            try
            {
                isLent = DeliverUsual(ref run);
            }
#pragma warning disable CA1031 // An exception of a consumer ends its own stream, never the ring. Nothing else in DeliverUsual throws.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                run.Connection.Stream.Drop(run.Observer!, exception);
            }

            if (isLent)
            {
                ReturnBuffer(ref run);
            }
        }
    }

    /// <summary>Delivers buffers to connections with a single observer, until a buffer needs special handling.</summary>
    /// <returns>True when the current buffer was not returned, because the observer leased it or the refill queue is full.</returns>
    /// <remarks>
    /// <para>There is no try block here, because the compiler would keep values that live across it in memory instead of registers. An
    /// observer may change the set of observers, and may fill the refill queue by releasing leases. Both are therefore checked after each
    /// buffer.</para>
    /// <para>If each buffer belongs to another connection, writes to memory are most of the cost. Values are therefore read again after the
    /// observer has returned, because the compiler would store those that live across the call.</para>
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool DeliverUsual(ref DeliveryRun run)
    {
        BorrowScope borrow = _ledger.Borrow;
        RefillQueue refill = _pool.Refill;
        AreaView area = run.Area;
        ulong first = run.At->BufferOffset;
        borrow.BeginRun(_areas.MemoryOf(first), first, area.Address(first));
        ulong next = run.At->UserData;
        do
        {
            ConnectionReceiver connection = run.Connection;
            ulong request = next;
            Completion* at;
            do
            {
                at = run.At;
                int length = at->Result;
                long position = connection.BytesReceived;
                connection.BytesReceived = position + length;
                run.Bytes += length;
                run.Observer!.OnNext(borrow.Lend(request, area.Address(at->BufferOffset), length, position));
                at = run.At;
                if (borrow.IsLeased || !refill.TryAppend(at->BufferOffset))
                {
                    return true;
                }

                run.At = ++at;
                if (at == run.End || !at->HasMore || !area.Contains(at->BufferOffset, at->Result))
                {
                    borrow.End();
                    return false;
                }

                next = at->UserData;
            }
            while (next == request && connection.Observers.Single == run.Observer && !connection.Control.IsPaused);
        }
        while (DeliveryRun.IsReceive(next) && !_turn.IsAbandoned && TryFindConnection(ref run, next) && run.Observer is not null && !run.MustWait);

        borrow.End();
        return false;
    }

    private void DeliverToAll(ref DeliveryRun run, IObserver<ReceivedBuffer>[] observers)
    {
        ulong offset = run.At->BufferOffset;
        int length = run.At->Result;
        ConnectionReceiver connection = run.Connection;
        long position = Count(ref run);
        connection.Stream.Next(observers, _ledger.Borrow.Begin(offset, _areas.MemoryOf(offset), run.Area.Address(offset), length, position, connection.Holder));
    }

    /// <summary>Leases a buffer for later delivery, because no observer can receive it now or earlier bytes still wait.</summary>
    private void LeaseForLater(ref DeliveryRun run)
    {
        ulong offset = run.At->BufferOffset;
        int length = run.At->Result;
        ConnectionReceiver connection = run.Connection;
        int slot = _ledger.Lease(offset, run.Area.Address(offset), length, Count(ref run), connection.Holder, references: 1);
        connection.Undelivered.Add(_ledger, slot);
        if (_ledger.IsCopy(slot))
        {
            _pool.Return(offset);
        }

        run.At++;
    }

    /// <summary>Returns the current buffer to the refill queue after its OnNext, unless it was leased.</summary>
    private void ReturnBuffer(ref DeliveryRun run)
    {
        if (_ledger.Borrow.End())
        {
            _pool.Return(run.At->BufferOffset);
        }

        run.At++;
        CloseIfFailed(run.Connection);
    }

    /// <summary>Counts the bytes of the current buffer.</summary>
    /// <returns>Their position in the stream.</returns>
    private static long Count(ref DeliveryRun run)
    {
        int length = run.At->Result;
        long position = run.Connection.BytesReceived;
        run.Connection.BytesReceived = position + length;
        run.Bytes += length;
        return position;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryFindConnection(ref DeliveryRun run, ulong request)
    {
        UserData data = UserData.Decode(request);
        ConnectionReceiver? connection = _connections.Find(data.Slot, data.Generation);
        if (connection is null)
        {
            return false;
        }

        if (connection.Turn != run.Turn)
        {
            _turn.Add(connection);
        }

        run.Connection = connection;
        run.Observer = connection.Observers.Single;
        return true;
    }

    private bool TryFindArea(ref DeliveryRun run)
    {
        ulong offset = run.At->BufferOffset;
        int length = run.At->Result;
        if (!run.Area.Contains(offset, length))
        {
            run.Area = _areas.ViewOf(offset);
        }

        return run.Area.Contains(offset, length);
    }

    /// <summary>
    /// Delivers bytes that wait for an observer. The rests of buffers that consumers keep come first, and whole buffers follow.
    /// </summary>
    public void Deliver(ConnectionReceiver connection)
    {
        ConnectionControl control = connection.Control;
        if (!connection.HasWaiting)
        {
            return;
        }

        _heartbeat.Enter(RingCallback.OnNext, connection);
        if (connection.Postponed.IsAny)
        {
            // The rests come first, because their bytes were received earlier.
            connection.Postponed.Continue(control);
        }

        while (connection.Undelivered.Count > 0 && !control.CloseRequested && !control.IsPaused && connection.Observers.Items is { Length: > 0 } observers)
        {
            int slot = connection.Undelivered.Take();
            ReceivedBuffer buffer = _ledger.Borrow.BeginLeased(slot, MemoryOf(ref _ledger[slot], _ledger.IsCopy(slot)));
            connection.Stream.Next(observers, buffer);
            _ledger.Borrow.End();
            CloseIfFailed(connection);
        }

        _heartbeat.Leave();
    }

    private AreaMemory MemoryOf(ref LeaseSlot kept, bool isCopy) =>
        isCopy ? new AreaMemory((nint)kept.Address, (nuint)kept.Length) : _areas.MemoryOf(kept.Offset);

    /// <summary>Closes a connection whose last observer has failed.</summary>
    private static void CloseIfFailed(ConnectionReceiver connection)
    {
        if (connection.Stream.TakeFailure() is { } failure)
        {
            connection.Control.FailConsumer(failure);
        }
    }

    private static ZcrxException Corrupt(in Completion completion) => new(
        "Reading a completion",
        0,
        $"a completion points outside the area (offset 0x{completion.BufferOffset:x}, {completion.Result} bytes): the completion ring is corrupt",
        "Restart the queue and report this");
}
