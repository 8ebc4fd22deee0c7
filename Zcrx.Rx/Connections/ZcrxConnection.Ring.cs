using System.Net.Sockets;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Loop;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx;

/// <content>What the ring's thread knows of the connection and does with it.</content>
public sealed partial class ZcrxConnection
{
    // Where the present request began, and how many bytes it may deliver.
    private long _requestStart;
    private uint _requestBudget;
    private StallMachine _stall;

    internal BufferHolder Holder => _holder;

    internal int Slot { get; private set; }

    internal uint Generation { get; private set; }

    /// <summary>The move that is going on.</summary>
    internal ConnectionMove? Move { get; set; }

    internal ReceiveState ReceiveState { get; set; }

    internal Queue<int> Undelivered { get; } = new();

    /// <summary>Whose slots <see cref="Undelivered"/> has, while the connection waits for another queue.</summary>
    internal BufferLedger? FormerLedger { get; set; }

    /// <summary>Whether its queue ends, and it is to go on elsewhere.</summary>
    internal bool IsLeaving { get; set; }

    /// <summary>Whether the ring's thread failed in the middle of delivering, so that nobody knows what the observers have seen.</summary>
    internal bool WasInterrupted { get; set; }

    internal bool HasEnded { get; set; }

    internal Exception? EndError { get; set; }

    internal bool IsStarved { get; set; }

    /// <summary>Whether the kernel reports the end of the connection while it does not receive.</summary>
    internal bool IsHangUpWatched { get; set; }

    /// <summary>Whether the peer is known to have ended its side; bytes of it may still wait in the socket.</summary>
    internal bool HasPeerEnded { get; set; }

    /// <summary>When a look at the connection first found no observer, in the clock's ticks; null while there is one.</summary>
    internal long? UnobservedSince { get; set; }

    /// <summary>Whether an operator or the application wants no buffer now, also none that the kernel has delivered.</summary>
    internal bool IsHeld => _pausedByUser || Volatile.Read(ref _holds) > 0;

    /// <summary>Whether what comes next lies in the memory of another queue.</summary>
    internal bool IsStranded { get; set; }

    internal long Turn { get; set; }

    internal bool HasReceivedBefore { get; set; }

    internal bool IsAwaitingRoom { get; set; }

    /// <summary>Whether a sender waits for room while no queue has the connection. Written by any thread.</summary>
    internal volatile bool AwaitsRoomOnArrival;

    /// <summary>Whether the socket is closed, or belongs to someone else.</summary>
    internal bool IsSendingClosed => _sender.IsClosed;

    /// <summary>What its queue has found when it last looked whether the connection stalls.</summary>
    internal ref StallMachine Stall => ref _stall;

    internal int SynchronizeQueued;

    internal bool CloseRequested => Volatile.Read(ref _closeRequested) != 0;

    internal bool AbortRequested => Volatile.Read(ref _closeRequested) == 2;

    /// <summary>Whether the kernel should have a receive for this connection.</summary>
    internal bool WantsReceive => IsWanted && !IsPausedByPressure && !IsStarved;

    /// <summary>Whether the connection would receive if the pool had buffers for it.</summary>
    internal bool IsWanted => Stream.HasObservers && !IsHeld && !IsStranded && !HasEnded && !CloseRequested && !IsLeaving && Move is null;

    /// <summary>Whether the present request has delivered all that it may.</summary>
    internal bool IsBudgetUsedUp => _bytesReceived - _requestStart >= _requestBudget;

    /// <summary>Bytes that the present request may still deliver.</summary>
    internal long BudgetLeft => _requestStart + _requestBudget - _bytesReceived;

    internal void BeginRequest(uint budget)
    {
        _requestStart = _bytesReceived;
        _requestBudget = budget;
    }

    /// <summary>A ring's thread takes the connection over.</summary>
    internal void Rebind(ReceiveLoop loop, int slot, uint generation)
    {
        if (loop != _loop)
        {
            // One for each queue: what is given out and taken back is counted by its ring's thread without a lock.
            _formerHolders = [.. _formerHolders.Where(static holder => holder.Held > 0), _holder];
            _holder = new ConnectionHolder(this);
        }

        Slot = slot;
        Generation = generation;
        // Turns are counted by each ring for itself.
        Turn = 0;
        UnobservedSince = null;
        _loop = loop;
    }

    /// <summary>Lets go of what nobody has seen, when no queue has the connection.</summary>
    /// <returns>Bytes that were delivered.</returns>
    internal long DropUndelivered()
    {
        long delivered = BytesReceived;
        if (FormerLedger is { } ledger)
        {
            delivered = Undelivered.TryPeek(out int first) ? ledger[first].StreamOffset : delivered;
            while (Undelivered.TryDequeue(out int slot))
            {
                ledger.Release(slot);
            }
        }

        FormerLedger = null;
        return delivered;
    }

    internal void OnWritable(int result) => _sender.OnWritable(result);

    /// <summary>Whether anything was sent since the last call.</summary>
    internal bool TakeHasSent() => _sender.TakeHasSent();

    /// <summary>The ring's thread has ended everything that the kernel did with the socket.</summary>
    internal void CloseSocket()
    {
        _sender.Close();
        if (AbortRequested)
        {
            try
            {
                Socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // Already reset by the peer, or closed behind our back; closing is all that is left to do.
            }
        }

        Socket.Dispose();
        EndSocketWork();
    }

    /// <summary>The ring's thread: the socket is somebody else's.</summary>
    internal void LetSocketGo()
    {
        _sender.Close();
        // As it was given, or as it would have been accepted by anybody else.
        Socket.Blocking = true;
        EndSocketWork();
    }

    private void EndSocketWork()
    {
        _closed.TrySetResult();
        EndWork();
        if (!_finished.Task.IsCompleted)
        {
            // A queue that ends has given operators the time that there was.
            _ = _loop.Ended.ContinueWith(
                static (_, finished) => ((TaskCompletionSource)finished!).TrySetResult(), _finished, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }
}
