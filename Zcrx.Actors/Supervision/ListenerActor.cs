using System.Net.Sockets;
using Akka.Actor;
using Zcrx.Actors.Connections;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>
/// Owns one listening socket, which is bound once and survives restarts of the queues: every open queue accepts on it, and a
/// connection belongs to the queue that accepted it.
/// </summary>
internal sealed class ListenerActor : ReceiveActor
{
    private readonly ListenerSlot _slot;
    private readonly ZcrxRuntime _runtime;
    private readonly Dictionary<string, Attachment> _attachments = new(StringComparer.Ordinal);
    private Socket? _socket;
    private bool _stopping;
    private bool _releasing;

    public ListenerActor(ListenerSlot slot, ZcrxRuntime runtime)
    {
        _slot = slot;
        _runtime = runtime;
        Receive<Attach>(OnAttach);
        Receive<Detach>(message => OnAcceptEnded(message.Queue, null));
        Receive<AcceptEnded>(message => OnAcceptEnded(message.Attachment.Queue, message.Attachment));
        Receive<Stop>(_ => OnStop());
        Receive<Release>(_ => OnRelease());
        Receive<ZcrxEvent.ConnectionOpened>(opened => ConnectionReports.Opened(_runtime, Context.System, opened));
        Receive<ZcrxEvent.ConnectionClosed>(OnConnectionClosed);
        Receive<ZcrxEvent.ConsumerFaulted>(faulted => ConnectionReports.Faulted(_runtime, Context.System, faulted));
    }

    protected override void PreStart()
    {
        try
        {
            _socket = _slot.Bind();
        }
        catch (ZcrxException exception)
        {
            Context.Parent.Tell(new BindFailed(_slot, exception));
            Context.Stop(Self);
            return;
        }

        Context.Parent.Tell(new Bound(_slot));
    }

    // The socket is kept over a restart: the peers that wait to be accepted notice nothing.
    protected override void PreRestart(Exception reason, object message) => DropAttachments();

    protected override void PostRestart(Exception reason) => PreStart();

    protected override void PostStop()
    {
        DropAttachments();
        _slot.Close();
    }

    private void OnAttach(Attach message)
    {
        if (_stopping || _socket is null)
        {
            return;
        }

        OnAcceptEnded(message.Name, null);
        Attachment attachment = new(message.Name, Self, _slot, _runtime);
        _attachments.Add(message.Name, attachment);
        attachment.Accept(message.Queue, _socket);
    }

    /// <summary>A queue no longer accepts here: it is closing, or gone.</summary>
    private void OnAcceptEnded(string queue, Attachment? attachment)
    {
        if (_attachments.TryGetValue(queue, out Attachment? current) && (attachment is null || attachment == current))
        {
            _attachments.Remove(queue);
            current.Dispose();
        }

        TryFinish();
    }

    private void OnStop()
    {
        _stopping = true;
        TryFinish();
    }

    /// <summary>Another process has the port, too, or nobody is wanted any more: stop accepting now, whatever the queues do. What had been accepted is still handed out.</summary>
    private void OnRelease()
    {
        _stopping = true;
        _releasing = true;
        foreach (Attachment attachment in _attachments.Values)
        {
            attachment.Dispose();
        }

        TryFinish();
    }

    /// <summary>The port is given back as soon as nobody accepts on it; the actor stays until the last connection is closed.</summary>
    private void TryFinish()
    {
        if (!_stopping || _attachments.Count > 0)
        {
            return;
        }

        _slot.Close();
        if (_releasing)
        {
            _releasing = false;
            Context.Parent.Tell(new Released(_slot));
        }

        if (_slot.Connections == 0)
        {
            Context.Stop(Self);
        }
    }

    private void OnConnectionClosed(ZcrxEvent.ConnectionClosed closed)
    {
        ConnectionReports.Closed(_runtime, Context.System, closed);
        TryFinish();
    }

    private void DropAttachments()
    {
        foreach (Attachment attachment in _attachments.Values)
        {
            attachment.Dispose();
        }

        _attachments.Clear();
    }

    /// <summary>To the actor: a queue is open; let it accept here.</summary>
    public sealed record Attach(string Name, ZcrxQueue Queue) : INoSerializationVerificationNeeded;

    /// <summary>To the actor: a queue is gone.</summary>
    public sealed record Detach(string Queue) : INoSerializationVerificationNeeded;

    /// <summary>To the actor: close the port once the queues have stopped accepting, and end with the last connection.</summary>
    public sealed record Stop : INoSerializationVerificationNeeded;

    /// <summary>To the actor: stop accepting at once, and end with the last connection.</summary>
    public sealed record Release : INoSerializationVerificationNeeded;

    /// <summary>To the supervisor: nobody accepts here any more.</summary>
    public sealed record Released(ListenerSlot Slot) : INoSerializationVerificationNeeded;

    /// <summary>To the supervisor: the port is there; also after a restart of the actor, which then needs the queues again.</summary>
    public sealed record Bound(ListenerSlot Slot) : INoSerializationVerificationNeeded;

    /// <summary>To the supervisor: the port could not be had.</summary>
    public sealed record BindFailed(ListenerSlot Slot, Exception Cause) : INoSerializationVerificationNeeded;

    /// <summary>From an attachment: its queue has stopped accepting.</summary>
    public sealed record AcceptEnded(Attachment Attachment) : INoSerializationVerificationNeeded;
}
