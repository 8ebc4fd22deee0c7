using System.Diagnostics;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Runtime.ExceptionServices;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>Owns one interface queue: opens it, is told what happens to it, fails with it, closes it.</summary>
internal sealed class InterfaceQueueActor : ReceiveActor
{
    private readonly QueueSlot _slot;
    private readonly ActivityContext _cause;
    private readonly ZcrxRuntime _runtime;
    private readonly CompositeDisposable _subscriptions = [];
    private Task<ZcrxQueue> _opening = null!;
    private ZcrxQueue? _queue;
    private Task<ZcrxQueue?>? _successor;
    private bool _stopping;

    public InterfaceQueueActor(QueueSlot slot, ZcrxRuntime runtime, ActivityContext cause)
    {
        _slot = slot;
        _cause = cause;
        _runtime = runtime;
        Receive<Opened>(message => OnOpened(message.Queue));
        Receive<OpenFailed>(OnOpenFailed);
        Receive<Ended>(OnEnded);
        Receive<Stop>(OnStop);
        Receive<Quiet>(_ => Context.Parent.Tell(new Finished()));
        Receive<Happened>(message => OnHappened(message.What));
    }

    protected override void PreStart()
    {
        _opening = OpenAsync(_slot, _cause, _runtime.Logger);
        _ = _opening.PipeTo(Self, success: static queue => new Opened(queue), failure: static cause => new OpenFailed(Unwrap(cause)));
    }

    protected override void PostStop()
    {
        _subscriptions.Dispose();
        if (_queue is not null)
        {
            _runtime.Directory.Remove(_queue);
        }

        _slot.Closing(CloseAsync(_slot, _opening, _successor));
    }

    private void OnOpened(ZcrxQueue queue)
    {
        if (_stopping)
        {
            // Closed when this actor ends, like any other.
            Finish();
            return;
        }

        _queue = queue;
        _slot.Opened(queue);
        IActorRef self = Self;
        _subscriptions.Add(queue.Pressure.SkipWhile(static pressure => pressure.Level == PoolPressureLevel.Normal).Subscribe(happened => self.Tell(new Happened(happened))));
        _subscriptions.Add(queue.Notifications.Subscribe(happened => self.Tell(new Happened(happened))));
        _subscriptions.Add(queue.ConsumerFaults.Subscribe(happened => self.Tell(new Happened(happened))));
        _subscriptions.Add(queue.ReceiveStalls.Subscribe(happened => self.Tell(new Happened(happened))));
        _subscriptions.Add(queue.Growth.Subscribe(happened => self.Tell(new Happened(happened))));
        _ = WatchAsync(queue).PipeTo(self, failure: static cause => new Ended(Unwrap(cause)));
        _runtime.Directory.Add(queue);
        _runtime.Join(queue, _slot.Options);
        Context.Parent.Tell(new Ready(_slot.Name, queue));
    }

    private void OnOpenFailed(OpenFailed message)
    {
        if (_stopping)
        {
            Finish();
            return;
        }

        ExceptionDispatchInfo.Throw(message.Cause);
    }

    private void OnEnded(Ended message)
    {
        if (_stopping)
        {
            Finish();
            return;
        }

        if (message.Cause is { } cause)
        {
            ExceptionDispatchInfo.Throw(cause);
        }

        throw new ZcrxException($"Receiving on the queue {_slot.Name}", 0, "somebody else closed the queue", "");
    }

    private void OnStop(Stop message)
    {
        _stopping = true;
        if (_queue is null)
        {
            // Opened or OpenFailed ends the actor: before that there is nothing to close, and the supervisor would wait for it all the
            // same.
            return;
        }

        if (message.KeepsConnections && !message.RegistersAnew && _slot.RegisteredWith is { } registered && QueueSuccession.IsPossible(_queue, registered, _slot.OptionsToOpen))
        {
            _successor ??= QueueSuccession.BeginAsync(_queue, _slot, _runtime, message.Cause);
        }

        // Again, while it drains: with less time. Cannot fail; the end arrives as Ended.
        _ = message.KeepsConnections ? ParkAsync(_queue, message.Drain, _successor) : _queue.StopAsync(message.Drain);
    }

    /// <summary>The queue has ended and tells nothing more. What it told before is handled first, so that nothing is lost.</summary>
    private void Finish()
    {
        _subscriptions.Dispose();
        Self.Tell(new Quiet());
    }

    private static async Task ParkAsync(ZcrxQueue queue, TimeSpan drain, Task<ZcrxQueue?>? successor)
    {
        // Whoever goes on with the registration receives what lies in its memory: nothing needs to be received first.
        bool isSucceeded = successor is not null && await successor.ConfigureAwait(false) is not null;
        await queue.ParkAsync(isSucceeded ? TimeSpan.Zero : drain).ConfigureAwait(false);
    }

    private void OnHappened(object what)
    {
        switch (what)
        {
            case PoolPressure pressure:
                OnPressure(pressure);
                break;
            case ZcrxNotification notification:
                OnNotification(notification);
                break;
            case PoolGrowth growth:
                OnGrowth(growth);
                break;
            case ReceiveStall stall:
                OnStall(stall);
                break;
            case ConsumerFault fault:
                OnConsumerFault(fault);
                break;
            default:
                break;
        }
    }

    private void OnPressure(PoolPressure pressure)
    {
        if (pressure.Level == PoolPressureLevel.Exhausted)
        {
            ZcrxLog.PoolExhausted(_runtime.Logger, pressure.Queue, pressure.BuffersOut, pressure.Buffers, pressure.PausedConnections);
        }
        else
        {
            ZcrxLog.PoolLevel(_runtime.Logger, pressure.Queue, pressure.Level, pressure.BuffersOut, pressure.Buffers, pressure.PausedConnections);
        }

        Publish(new ZcrxEvent.PressureChanged(pressure));
    }

    private void OnGrowth(PoolGrowth growth)
    {
        if (growth.Error is { } error)
        {
            ZcrxLog.PoolCannotGrow(_runtime.Logger, growth.Queue, growth.Buffers, error);
        }
        else
        {
            ZcrxLog.PoolGrew(_runtime.Logger, growth.Queue, growth.Buffers);
        }

        Publish(new ZcrxEvent.PoolGrew(growth));
    }

    private void OnNotification(ZcrxNotification notification)
    {
        ZcrxLog.Notified(_runtime.Logger, notification.Queue, notification.Type);
        Publish(new ZcrxEvent.NotificationReceived(notification));
    }

    private void OnStall(ReceiveStall stall)
    {
        if (stall.IsOver)
        {
            ZcrxLog.ReceiveStallEnded(_runtime.Logger, stall.Connection.Id, stall.Queue, stall.Duration);
        }
        else
        {
            ZcrxLog.ReceiveStalled(_runtime.Logger, stall.Connection.Id, stall.Queue, stall.StreamOffset, stall.BytesWaiting, stall.Duration);
        }

        Publish(new ZcrxEvent.ReceiveStalled(stall));
    }

    private void OnConsumerFault(ConsumerFault fault)
    {
        ZcrxLog.ConsumerFaulted(_runtime.Logger, _slot.Name, fault.Connection?.Id, fault.Exception);
        Publish(new ZcrxEvent.ConsumerFaulted(_slot.Name, fault.Connection?.Id, fault.Exception));
    }

    private static void Publish(ZcrxEvent happened) => Context.System.EventStream.Publish(happened);

    /// <summary>On the pool, since choosing the engine asks the kernel; and only once the queue of the last actor is closed, since a NIC's queue has one owner.</summary>
    private static async Task<ZcrxQueue> OpenAsync(QueueSlot slot, ActivityContext cause, ILogger logger)
    {
        await slot.Closed.ConfigureAwait(false);
        if (slot.TakeSuccessor() is { } successor)
        {
            return successor;
        }

        Activity? activity = ZcrxActivities.Begin("zcrx.queue.open", slot.Name, cause);
        try
        {
            ZcrxQueueOptions options = slot.OptionsToOpen;
            ZcrxQueueOptions reporting = WithReport(options, logger);
            using InheritedQueue? inherited = slot.TakeInherited();
            ZcrxQueue queue = await Task.Run(() => inherited is null ? ZcrxQueue.OpenAsync(reporting, slot.Parking) : ZcrxQueue.ImportAsync(inherited, reporting, slot.Parking)).ConfigureAwait(false);
            slot.RegisteredWith = options;
            activity?.SetTag("zcrx.engine", queue.Engine.Name);
            activity.End();
            return queue;
        }
        catch (Exception exception)
        {
            activity.End(exception);
            throw;
        }
    }

    /// <summary>What is changed on interfaces for a queue is logged, besides being told to whoever asked for it.</summary>
    private static ZcrxQueueOptions WithReport(ZcrxQueueOptions options, ILogger logger) => !options.ConfigureNic ? options : options with
    {
        NicReport = text =>
        {
            ZcrxLog.InterfaceConfigured(logger, text);
            options.NicReport?.Invoke(text);
        },
    };

    private static async Task<Ended> WatchAsync(ZcrxQueue queue)
    {
        await queue.Completion.ConfigureAwait(false);
        return new Ended(null);
    }

    /// <summary>Whatever had become of the opening: nothing stays open.</summary>
    private static async Task CloseAsync(QueueSlot slot, Task<ZcrxQueue> opening, Task<ZcrxQueue?>? succession)
    {
        if (succession is not null && await succession.ConfigureAwait(false) is { } successor)
        {
            slot.Succeed(successor);
        }

        ZcrxQueue queue;
        try
        {
            queue = await opening.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Never opened; the actor was told why.
        catch (Exception)
#pragma warning restore CA1031
        {
            return;
        }

        // An actor may end in any way: as long as the supervisor lives, another one goes on with the connections.
        await queue.ParkAsync().ConfigureAwait(false);
    }

    private static Exception Unwrap(Exception exception) =>
        exception is AggregateException { InnerExceptions: [var inner] } ? inner : exception;

    /// <summary>To the actor: deliver what has arrived, close the queue, end. The connections are closed, or wait for the next queue, which goes on with the registration if it can and may.</summary>
    public sealed record Stop(TimeSpan Drain, bool KeepsConnections = false, bool RegistersAnew = false, ActivityContext Cause = default) : ILocalMessage;

    /// <summary>To the supervisor: the queue is open.</summary>
    public sealed record Ready(string Name, ZcrxQueue Queue) : ILocalMessage;

    /// <summary>To the supervisor: the queue that was to stop is closed, or was never open. The supervisor stops the actor, so that it
    /// sends it nothing afterwards.</summary>
    public sealed record Finished : ILocalMessage;

    private sealed record Opened(ZcrxQueue Queue) : ILocalMessage;

    private sealed record OpenFailed(Exception Cause) : ILocalMessage;

    private sealed record Ended(Exception? Cause) : ILocalMessage;

    // What the queue tells, which knows nothing of Akka.
    private sealed record Happened(object What) : ILocalMessage;

    private sealed record Quiet : ILocalMessage;
}
