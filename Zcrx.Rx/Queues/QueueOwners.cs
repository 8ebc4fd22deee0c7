using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Engines;
using Zcrx.Rx.Listening;
using Zcrx.Rx.Moving;
using Zcrx.Rx.Notifications;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Stopping;

namespace Zcrx.Rx.Queues;

/// <summary>
/// Creates and connects the components of one queue. Each component owns a part of the queue's state. Created on the ring thread once the
/// queue is registered.
/// </summary>
internal sealed class QueueOwners
{
    public QueueOwners(RingThread thread, RingRequests requests, InterfaceQueue queue, QueueEngine engine, ConnectionHost host, QueueEvents events, QueueContext context, bool isImported)
    {
        SlotTable<ConnectionReceiver> table = new();
        ReceiveTurn turn = new();
        StopMachine phase = StopExecution.CreateMachine(context.Clock);
        RegisteredQueue registered = new(queue, requests.Completions);
        ReceiveRequests receives = new(requests, queue);
        StallReports stalls = new(context, events);
        HangUpWatch hangUps = new(receives);
        Sockets = new LingeringClose(context);
        Limits = new LimitReports(context, host.Frames, events);
        Descriptors = new DescriptorGate(context.Options.Value.Descriptors, context);
        bool IsRegistered(ZcrxNotificationType type) => !isImported && engine.Capabilities.Notifications && (engine.Capabilities.NotificationTypes & (1u << (int)type)) != 0;

        Table = table;
        Turn = turn;
        Connections = new ConnectionTable(table, host, phase, context);
        Pool = new BufferPool(registered, isImported, context, events) { CountQueued = leased => QueuedBufferCount.Of(table.Snapshot(), leased) };
        Sharing = new PoolSharing(Pool, registered, thread, context);
        Notifications = new NotificationArming(context, IsRegistered, queue.Arm, events.Notified);
        Delivery delivery = new(queue.Areas, Pool, table, turn, context);
        Scheduler = new ReceiveScheduler(table, Pool, receives, delivery, hangUps, stalls, Sockets, turn, context);
        Watch = new ConnectionWatch(table, Pool, Scheduler, stalls, Limits, phase, context);
        Listeners = new Listeners(requests, Connections, Scheduler, phase, events, context.Clock, Descriptors, Limits);
        Mover = new ConnectionMover(host, Connections, Scheduler, hangUps, queue.Ledger, phase, context);
        Completions = new CompletionDispatcher(thread, requests, table, delivery, Scheduler, Listeners, Notifications, Pool, turn, context);
        Phase = phase;
        TurnLength = new TurnLength(requests.Ring.Kernel as IReceiveTurns, requests.Ring.Fd, queue.BufferLength);
        Stop = new StopExecution(phase, requests, Completions, table, Scheduler, Listeners, Mover, Pool, Sharing, Sockets, turn, context, host);
    }

    public SlotTable<ConnectionReceiver> Table { get; }

    public ReceiveTurn Turn { get; }

    public ConnectionTable Connections { get; }

    public BufferPool Pool { get; }

    public PoolSharing Sharing { get; }

    public NotificationArming Notifications { get; }

    public ReceiveScheduler Scheduler { get; }

    public ConnectionWatch Watch { get; }

    public Listeners Listeners { get; }

    public LingeringClose Sockets { get; }

    public LimitReports Limits { get; }

    public DescriptorGate Descriptors { get; }

    public ConnectionMover Mover { get; }

    public CompletionDispatcher Completions { get; }

    public StopMachine Phase { get; }

    public TurnLength TurnLength { get; }

    public StopExecution Stop { get; }
}
