using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Listening;

/// <summary>
/// Owns one listening socket. The socket is bound once, and survives restarts of the queues. Every open queue accepts on it.
/// </summary>
internal sealed class ListenerActor : ReceiveActor, IWithTimers
{
    private const int MostAttempts = 100;

    private static readonly TimeSpan BindInterval = TimeSpan.FromMilliseconds(50);

    private readonly ListenerSlot _slot;
    private readonly ConnectionIntake _intake;
    private readonly OutstandingWork _outstanding;
    private readonly Dictionary<string, Attachment> _attachments = new(StringComparer.Ordinal);
    private Socket? _socket;
    private int _attempts;
    private bool _stopping;
    private bool _releasing;
    private bool _isFinishing;
    private bool _isDrainOver;

    /// <param name="slot">The socket and its counters.</param>
    /// <param name="intake">Serves the connections.</param>
    /// <param name="outstanding">
    /// Collects tasks that end when queues have closed their descriptors of the socket. The end of the actor tree waits for them, so that
    /// the port is free then.
    /// </param>
    public ListenerActor(ListenerSlot slot, ConnectionIntake intake, OutstandingWork outstanding)
    {
        _slot = slot;
        _intake = intake;
        _outstanding = outstanding;
        Receive<Attach>(OnAttach);
        Receive<AcceptEnded>(message => OnAcceptEnded(message.Attachment.Queue, message.Attachment));
        Receive<Stop>(_ => OnStop());
        Receive<Release>(message => OnRelease(message.Drain));
        Receive<Confirm>(_ => Context.Parent.Tell(new Accepting(_slot)));
        Receive<BindAgain>(_ => Bind());
        Receive<DrainOver>(_ => OnDrainOver());
        Receive<Idle>(_ => Context.Parent.Tell(new Finished(_slot)));
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Bind();

    // Does not call PostStop, which would close the socket. So a restart does not affect peers in the backlog.
    protected override void PreRestart(Exception reason, object message) => DropAttachments();

    protected override void PostRestart(Exception reason) => PreStart();

    protected override void PostStop()
    {
        DropAttachments();
        _slot.Close();
    }

    private void Bind()
    {
        try
        {
            _socket = _slot.Bind();
        }
#pragma warning disable CA1031 // ConfigureSocket is application code. Its exceptions are reported as the reason for the failed bind.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            OnBindFailed(exception);
            return;
        }

        Context.Parent.Tell(new Bound(_slot));
    }

    private void OnBindFailed(Exception cause)
    {
        if (_slot.WasBound && !_stopping && cause is ZcrxException && _attempts < MostAttempts)
        {
            // After a restart of the supervisor, ring threads may still have open descriptors of the port. A bind succeeds once all of
            // these are closed.
            _attempts++;
            Timers.StartSingleTimer(nameof(BindAgain), new BindAgain(), BindInterval);
            return;
        }

        Context.Parent.Tell(new BindFailed(_slot, cause));
    }

    private void OnAttach(Attach message)
    {
        if (_stopping || _socket is null)
        {
            return;
        }

        OnAcceptEnded(message.Name, null);
        Attachment attachment = new(message.Name, Self, _slot, _intake);
        _attachments.Add(message.Name, attachment);
        attachment.Accept(message.Queue, _socket);
        if (attachment.Error is { } error)
        {
            _attachments.Remove(message.Name);
            Drop(attachment);
            Context.Parent.Tell(new Refused(_slot, message.Name, error));
        }
    }

    /// <summary>Removes the attachment of a queue that no longer accepts, and reports its error, if any.</summary>
    private void OnAcceptEnded(string queue, Attachment? attachment)
    {
        if (_attachments.TryGetValue(queue, out Attachment? current) && (attachment is null || attachment == current))
        {
            _attachments.Remove(queue);
            Drop(current);
            if (current.Error is { } error)
            {
                Context.Parent.Tell(new Refused(_slot, queue, error));
            }
        }

        TryFinish();
    }

    private void OnStop()
    {
        _stopping = true;
        TryFinish();
    }

    /// <summary>
    /// Stops accepting at once, because another process owns the port or the ports must close. Accepted connections stay open until the
    /// drain time, if any, is over.
    /// </summary>
    private void OnRelease(TimeSpan? drain)
    {
        _stopping = true;
        _releasing = true;
        foreach (Attachment attachment in _attachments.Values)
        {
            attachment.Dispose();
        }

        TryFinish();
        if (drain is { } time && time > TimeSpan.Zero)
        {
            Timers.StartSingleTimer(nameof(DrainOver), new DrainOver(), time);
        }
        else if (drain is not null)
        {
            OnDrainOver();
        }
    }

    /// <summary>
    /// Closes the open connections. The queues may still deliver accepted connections, which <see cref="TryFinish"/> closes.
    /// </summary>
    private void OnDrainOver()
    {
        _isDrainOver = true;
        _intake.CloseAll(_slot);
    }

    /// <summary>Closes the port as soon as no queue accepts on it. The actor lives until the last connection is closed.</summary>
    private void TryFinish()
    {
        // Without a socket, there is nothing to close. The supervisor stops such an actor when it receives BindFailed.
        if (!_stopping || _attachments.Count > 0 || _socket is null)
        {
            return;
        }

        _slot.Close();
        if (_releasing)
        {
            _releasing = false;
            Context.Parent.Tell(new Released(_slot));
        }

        if (!_isFinishing)
        {
            // No queue accepts any more, so the current connections are the last ones.
            _isFinishing = true;
            if (_isDrainOver)
            {
                _intake.CloseAll(_slot);
            }

            _ = _intake.WhenIdle(_slot).PipeTo(Self, success: static () => new Idle(), failure: static _ => new Idle());
        }
    }

    private void DropAttachments()
    {
        foreach (Attachment attachment in _attachments.Values)
        {
            Drop(attachment);
        }

        _attachments.Clear();
    }

    private void Drop(Attachment attachment)
    {
        attachment.Dispose();
        _outstanding.Add(attachment.Ended);
    }

    /// <summary>Tells the actor that a queue is open and must accept on the socket.</summary>
    public sealed record Attach(string Name, ZcrxQueue Queue) : ILocalMessage;

    /// <summary>
    /// Requests the answer <see cref="Accepting"/>. The supervisor sends this message after an <see cref="Attach"/> for every open queue.
    /// So the answer means that all of them were requested to accept.
    /// </summary>
    public sealed record Confirm : ILocalMessage;

    /// <summary>Tells the actor to close the port once the queues have stopped accepting, and to end with the last connection.</summary>
    public sealed record Stop : ILocalMessage;

    /// <summary>
    /// Tells the actor to stop accepting at once, and to end with the last connection. A later message can shorten the time.
    /// </summary>
    /// <param name="Drain">The time after which the open connections are closed; null to leave them open.</param>
    public sealed record Release(TimeSpan? Drain = null) : ILocalMessage;

    /// <summary>Represents a report to the supervisor about a listener.</summary>
    public abstract record Report(ListenerSlot Slot) : ILocalMessage;

    /// <summary>Reports that no queue accepts on this listener any more.</summary>
    public sealed record Released(ListenerSlot Slot) : Report(Slot);

    /// <summary>
    /// Reports that the port is bound. A restarted actor reports it again, and then needs <see cref="Attach"/> for every open queue.
    /// </summary>
    public sealed record Bound(ListenerSlot Slot) : Report(Slot);

    /// <summary>Reports that a queue refused the port or stopped accepting because of an error.</summary>
    public sealed record Refused(ListenerSlot Slot, string Queue, Exception Cause) : Report(Slot);

    /// <summary>Reports that every open queue was requested to accept. Refusals were reported before.</summary>
    public sealed record Accepting(ListenerSlot Slot) : Report(Slot);

    /// <summary>
    /// Reports that the port and the last connection are closed. The supervisor then stops the actor, and sends it no further message.
    /// </summary>
    public sealed record Finished(ListenerSlot Slot) : Report(Slot);

    /// <summary>Reports that the port could not be bound. The supervisor stops the actor.</summary>
    public sealed record BindFailed(ListenerSlot Slot, Exception Cause) : Report(Slot);

    /// <summary>Sent by the actor to itself when the last connection is closed and its end is reported.</summary>
    private sealed record Idle : ILocalMessage;

    /// <summary>Sent by the actor to itself to bind again.</summary>
    private sealed record BindAgain : ILocalMessage;

    /// <summary>Sent by the actor to itself when the drain time of <see cref="Release"/> is over.</summary>
    private sealed record DrainOver : ILocalMessage;

    /// <summary>Sent by an attachment when its queue has stopped accepting.</summary>
    public sealed record AcceptEnded(Attachment Attachment) : ILocalMessage;
}
