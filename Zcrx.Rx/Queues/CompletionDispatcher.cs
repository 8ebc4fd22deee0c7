using Zcrx.Interop;
using Zcrx.Rx.Listening;
using Zcrx.Rx.Notifications;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Stopping;

namespace Zcrx.Rx.Queues;

/// <summary>Passes each completion of a batch to the component that handles it. Ring thread only.</summary>
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
                // The queue was abandoned while a callback was stuck, and the callback has now returned.
                return;
            }
        }

        lock (turn.Gate)
        {
            // If the ring thread was abandoned, the abandoning thread reads the remaining completions.
            if (!turn.IsAbandoned)
            {
                completions.Advance(ready);
                turn.EndBatch();
            }
        }
    }

    /// <summary>Handles a completion that is not received data.</summary>
    /// <returns>False when the queue was abandoned.</returns>
    private bool TryHandle(in Completion completion)
    {
        UserData data = UserData.Decode(completion.UserData);
        // Counted before it is handled. If the handling fails, the remaining completions are salvaged, and this one must not be handled
        // again.
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
                // The result of a cancellation, or a late completion of a connection that has left the queue.
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
