using Zcrx.Actors.Logging;
using Zcrx.Actors.Supervision;

namespace Zcrx.Actors;

/// <content>The listeners: bound once, given every queue that opens.</content>
public sealed partial class ZcrxSupervisor
{
    private void OnListenerBound(ListenerSlot slot)
    {
        if (_listeners.Find(candidate => candidate.Slot == slot) is not { Actor: not null } listener || slot.EndPoint is not { } endPoint)
        {
            return;
        }

        if (_hasLetGo)
        {
            // Restarted meanwhile.
            listener.Tell(new ListenerActor.Release());
        }

        if (_state == ZcrxState.Stopping)
        {
            listener.Tell(new ListenerActor.Stop());
        }

        if (_hasLetGo || _state == ZcrxState.Stopping)
        {
            return;
        }

        foreach (QueueRecord queue in _queues)
        {
            if (_isAccepting && queue is { State: QueueState.Open, Ready: { } ready })
            {
                listener.Tell(new ListenerActor.Attach(queue.Slot.Name, ready));
            }
        }

        if (!listener.WasBound)
        {
            listener.WasBound = true;
            ZcrxLog.ListenerBound(_runtime.Logger, slot.Name, endPoint);
            Publish(new ZcrxEvent.ListenerBound(slot.Name, endPoint));
        }

        ConsiderStart();
    }

    private void OnCloseListeners()
    {
        if (!_hasLetGo)
        {
            ZcrxLog.ClosingPorts(_runtime.Logger);
        }

        OnStopAccepting();
    }

    private void OnListenerFailed(ListenerSlot slot, Exception cause)
    {
        if (_listeners.Find(candidate => candidate.Slot == slot) is { } listener)
        {
            listener.Error = cause;
            EndListener(listener);
            ZcrxLog.ListenerFailed(_runtime.Logger, slot.Name, cause);
            Publish(new ZcrxEvent.ListenerFailed(slot.Name, cause));
            ConsiderStart();
        }
    }

    private void OnListenerFinished(ListenerSlot slot)
    {
        if (_listeners.Find(candidate => candidate.Slot == slot) is { } listener)
        {
            EndListener(listener);
        }
    }

    private static void EndListener(ListenerRecord listener)
    {
        if (listener.Actor is { } actor)
        {
            listener.IsEnding = true;
            Context.Stop(actor);
        }
    }

    private void OnListenerEnded(ListenerRecord listener)
    {
        listener.Actor = null;
        if (listener.Error is not null)
        {
            return;
        }

        if (_state != ZcrxState.Stopping && !_hasLetGo)
        {
            listener.Error = new InvalidOperationException("The listener's actor was stopped by somebody else.");
            ZcrxLog.ListenerFailed(_runtime.Logger, listener.Slot.Name, listener.Error);
        }

        ZcrxLog.ListenerClosed(_runtime.Logger, listener.Slot.Name);
        Publish(new ZcrxEvent.ListenerClosed(listener.Slot.Name));
    }
}
