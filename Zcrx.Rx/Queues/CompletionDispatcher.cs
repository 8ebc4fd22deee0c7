using Zcrx.Interop;
using Zcrx.Rx.Listening;
using Zcrx.Rx.Notifications;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Stopping;

namespace Zcrx.Rx.Queues;

/// <summary>Passes each completion of a batch to its owner. Ring thread only.</summary>
internal sealed unsafe class CompletionDispatcher(
    RingThread thread,
    RingRequests requests,
    SlotTable<ConnectionReceiver> connections,
    Delivery delivery,
    ReceiveScheduler scheduler,
    Listeners listeners,
    NotificationArming notifications,
    BufferPool pool,
    ReceiveTurn turn,
    QueueContext context) : ICompletionHandler
{
    public void HandleAll()
    {
        CompletionQueue completions = requests.Completions;
        if (requests.IsCompletionOverflown)
        {
            context.Counters.Overflows++;
        }

        uint ready = completions.Ready;
        if (ready > completions.Capacity)
        {
            turn.MarkCorrupt();
            throw new ZcrxException(
                "Reading completions", 0, $"the ring of {completions.Capacity} completions claims to have {ready}: it is corrupt", "Restart the queue and report this");
        }

        turn.Begin(wasRingFull: ready == completions.Capacity);
        while (turn.Handled < ready)
        {
            Completion* next = completions.PeekRun(turn.Handled, ready, out uint count);
            if (DeliveryRun.IsData(*next))
            {
                delivery.Deliver(next, count);
            }
            else if (!TryHandle(*next))
            {
                return;
            }

            if (turn.IsAbandoned)
            {
                // A callback has returned after its queue was abandoned.
                return;
            }
        }

        lock (turn.Gate)
        {
            // If this thread was abandoned, the abandoning thread reads the rest of the ring.
            if (!turn.IsAbandoned)
            {
                completions.Advance(ready);
                turn.EndBatch();
            }
        }
    }

    /// <summary>Handles a completion of anything but received data.</summary>
    /// <returns>False when the queue was abandoned.</returns>
    private bool TryHandle(in Completion completion)
    {
        UserData data = UserData.Decode(completion.UserData);
        // Counted first: a completion whose owner fails must not be handled again when the rest of the batch is salvaged.
        if (data.Kind != RequestKind.Accept)
        {
            turn.CountHandled(1);
        }
        else if (!turn.TryTakeAccepted())
        {
            return false;
        }

        Handle(data, completion);
        return true;
    }

    private void Handle(UserData data, in Completion completion)
    {
        switch (data.Kind)
        {
            case RequestKind.Receive when connections.Find(data.Slot, data.Generation) is { } connection:
                scheduler.OnReceiveEnded(connection, completion.Result);
                break;
            case RequestKind.HangUp when connections.Find(data.Slot, data.Generation) is { } connection:
                if (HangUpWatch.OnHangUp(connection, completion.Result))
                {
                    scheduler.Reconcile(connection);
                }

                break;
            case RequestKind.Writable when connections.Find(data.Slot, data.Generation) is { } connection:
                HangUpWatch.OnWritable(connection, completion.Result);
                break;
            case RequestKind.Accept:
                context.Heartbeat.Enter(RingCallback.Accept, null);
                listeners.OnAccept(data, completion);
                context.Heartbeat.Leave();
                break;
            case RequestKind.Wake:
                thread.OnWoken();
                break;
            case RequestKind.Notification:
                OnNotification((ZcrxNotificationType)completion.Result);
                break;
            default:
                // Results of cancellations, and stale completions of connections that have left.
                break;
        }
    }

    private void OnNotification(ZcrxNotificationType type)
    {
        if (type == ZcrxNotificationType.NoBuffers)
        {
            pool.Starve();
        }

        notifications.OnNotification(type);
    }
}
