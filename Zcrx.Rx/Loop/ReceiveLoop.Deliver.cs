using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;

namespace Zcrx.Rx.Loop;

/// <content>Received buffers: from the completion ring through OnNext into the refill queue.</content>
/// <remarks>
/// <see cref="DeliverUsual"/> does what nearly every buffer needs and nothing else. It stops wherever something unusual is to be done;
/// <see cref="DeliverSome"/> does that and lets it go on.
/// </remarks>
internal sealed unsafe partial class ReceiveLoop
{
    /// <summary>Delivers received buffers up to the next completion of another kind, at least one.</summary>
    /// <param name="first">The first completion, of received data.</param>
    /// <param name="count">How many completions lie there, of whatever kind.</param>
    private void Deliver(Completion* first, uint count)
    {
        DeliveryRun run = new(first, first + count);
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
            while (isIntact && run.HasNext);
        }
        catch
        {
            // A fault of ours. Whose buffer it was cannot go on: nobody knows who has seen it.
            if (run.At != run.End)
            {
                UserData data = UserData.Decode(run.At->UserData);
                if (_connections.Find(data.Slot, data.Generation) is { } connection)
                {
                    connection.WasInterrupted = true;
                }

                _workedOff++;
            }

            throw;
        }
        finally
        {
            uint delivered = (uint)(run.At - first);
            _workedOff += delivered;
            Counters.Buffers += delivered;
        }

        if (!isIntact)
        {
            _isCorrupt = true;
            throw Corrupt(*run.At);
        }
    }

    /// <summary>Delivers at least one buffer, and as many more as go the usual way.</summary>
    private void DeliverSome(ref DeliveryRun run)
    {
        if (!TryFindConnection(ref run))
        {
            // A connection that is gone cannot have a request: only a stale completion gets here, and its buffer goes back.
            Counters.Bytes += run.At->Result;
            ReturnBuffer(run.At->BufferOffset);
            run.At++;
            return;
        }

        if (run.Connection.Undelivered.Count > 0 || run.Observers.Length == 0 || run.Connection.IsHeld)
        {
            KeepForLater(ref run);
        }
        else if (!run.IsUsual || _heldBack.Count > 0)
        {
            DeliverToAll(ref run);
            TakeBack(ref run);
        }
        else
        {
            bool isLent = true;
            try
            {
                isLent = DeliverUsual(ref run);
            }
#pragma warning disable CA1031 // Whatever a consumer throws ends its own stream and never the ring. Nothing else in there throws.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                run.Connection.Stream.Drop(run.Observers[0], exception);
            }

            if (isLent)
            {
                TakeBack(ref run);
            }
        }

        CountBytes(ref run);
    }

    /// <summary>The usual way: one observer, which keeps nothing and does not throw, and room in the refill queue.</summary>
    /// <returns>True when the buffer where the run stands is still lent: it was kept, or there is no room to return it.</returns>
    /// <remarks>
    /// Without a try, since values that live across one are kept in memory. What can change while an observer runs is looked at after each
    /// buffer: who observes, which any thread may change, and the refill queue, into which the observer may release leases.
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool DeliverUsual(ref DeliveryRun run)
    {
        BorrowScope borrow = _queue.Ledger.Borrow;
        RefillQueue refill = _queue.Refill;
        AreaView area = run.Area;
        Completion* at;
        borrow.SetMemory(_queue.AreaOf(run.At->BufferOffset));
        do
        {
            ZcrxConnection connection = run.Connection;
            BufferStream stream = connection.Stream;
            IObserver<ReceivedBuffer>[] observers = run.Observers;
            IObserver<ReceivedBuffer> observer = observers[0];
            ulong request = run.At->UserData;
            borrow.SetHolder(connection.Holder);
            do
            {
                at = run.At;
                int length = at->Result;
                ulong offset = at->BufferOffset;
                long position = connection.BytesReceived;
                connection.BytesReceived = position + length;
                observer.OnNext(borrow.Lend(offset, area.Address(offset), length, position));
                if (borrow.IsKept || !refill.TryAppend(offset))
                {
                    return true;
                }

                run.At = ++at;
            }
            while (at != run.End && at->UserData == request && at->HasMore && area.Contains(at->BufferOffset, at->Result) && stream.Observers == observers && !connection.IsHeld);

            CountBytes(ref run);
        }
        while (run.HasNext && area.Contains(at->BufferOffset, at->Result) && TryFindConnection(ref run) && run.IsUsual && !run.Connection.IsHeld);

        borrow.End();
        return false;
    }

    private void DeliverToAll(ref DeliveryRun run)
    {
        ulong offset = run.At->BufferOffset;
        int length = run.At->Result;
        ZcrxConnection connection = run.Connection;
        connection.BytesReceived += length;
        connection.Stream.Next(run.Observers, _queue.Ledger.Borrow.Begin(offset, _queue.AreaOf(offset), run.Area.Address(offset), length, run.Start, connection.Holder));
    }

    /// <summary>There is no observer, or it has as much as it can take, or earlier bytes have not been delivered yet.</summary>
    private void KeepForLater(ref DeliveryRun run)
    {
        ulong offset = run.At->BufferOffset;
        int length = run.At->Result;
        ZcrxConnection connection = run.Connection;
        connection.BytesReceived += length;
        int slot = _queue.Ledger.Keep(offset, run.Area.Address(offset), length, run.Start, connection.Holder, references: 1);
        connection.Undelivered.Enqueue(slot);
        if (_queue.Ledger.IsCopy(slot))
        {
            ReturnBuffer(offset);
        }

        run.At++;
    }

    /// <summary>An observer has had its buffer.</summary>
    private void TakeBack(ref DeliveryRun run)
    {
        if (_queue.Ledger.Borrow.End())
        {
            ReturnBuffer(run.At->BufferOffset);
        }

        run.At++;
        CloseIfFailed(run.Connection);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void CountBytes(ref DeliveryRun run)
    {
        long received = run.Connection.BytesReceived;
        Counters.Bytes += received - run.Start;
        run.Start = received;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryFindConnection(ref DeliveryRun run)
    {
        UserData data = UserData.Decode(run.At->UserData);
        ZcrxConnection? connection = _connections.Find(data.Slot, data.Generation);
        if (connection is null)
        {
            return false;
        }

        if (connection.Turn != _turn)
        {
            connection.Turn = _turn;
            _received.Add(connection);
        }

        run.Connection = connection;
        run.Start = connection.BytesReceived;
        // Looked at once: who leaves on another thread from now on still gets this buffer, so that it is not lost between two observers.
        run.Observers = connection.Stream.Observers;
        return true;
    }

    private bool TryFindArea(ref DeliveryRun run)
    {
        ulong offset = run.At->BufferOffset;
        int length = run.At->Result;
        if (!run.Area.Contains(offset, length))
        {
            run.Area = _queue.ViewOf(offset);
        }

        return run.Area.Contains(offset, length);
    }

    /// <summary>Hands out what had arrived while nobody listened.</summary>
    private void DeliverKept(ZcrxConnection connection)
    {
        BufferLedger ledger = _queue.Ledger;
        while (connection.Undelivered.Count > 0 && !connection.CloseRequested && !connection.IsHeld && connection.Stream.Observers is { Length: > 0 } observers)
        {
            int slot = connection.Undelivered.Dequeue();
            ReceivedBuffer buffer = ledger.Borrow.BeginKept(slot, MemoryOf(ref ledger[slot], ledger.IsCopy(slot)));
            connection.Stream.Next(observers, buffer);
            ledger.Borrow.End();
            CloseIfFailed(connection);
        }
    }

    private AreaMemory MemoryOf(ref LeaseSlot kept, bool isCopy) =>
        isCopy ? new AreaMemory((nint)kept.Address, (nuint)kept.Length) : _queue.AreaOf(kept.Offset);

    /// <summary>Closes a connection whose last observer has failed.</summary>
    private static void CloseIfFailed(ZcrxConnection connection)
    {
        if (connection.Stream.TakeFailure() is { } failure)
        {
            connection.FailConsumer(failure);
        }
    }

    private static ZcrxException Corrupt(in Completion completion) => new(
        "Reading a completion",
        0,
        $"it points outside the area (offset 0x{completion.BufferOffset:x}, {completion.Result} bytes): the completion ring is corrupt",
        "Restart the queue and report this");
}
