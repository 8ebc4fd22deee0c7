using Akka.Actor;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Supervision;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <content>Hand-over from and to another process: when accepting begins and ends.</content>
public sealed partial class ZcrxSupervisor
{
    private readonly List<IActorRef> _awaitingRelease = [];
    private readonly List<IActorRef> _awaitingIdle = [];
    private bool _isAccepting;
    private bool _hasLetGo;

    private void OnBeginAccepting()
    {
        _isAccepting = true;
        foreach (QueueRecord queue in _queues)
        {
            if (queue is { State: QueueState.Open, Ready: { } ready })
            {
                AttachEverywhere(queue.Slot.Name, ready);
            }
        }
    }

    /// <summary>Lets a queue accept on all listeners, once it may.</summary>
    private void AttachEverywhere(string queue, ZcrxQueue ready)
    {
        if (_isAccepting)
        {
            _listeners.ForEach(listener => listener.Tell(new ListenerActor.Attach(queue, ready)));
        }
    }

    private void OnStopAccepting()
    {
        _hasLetGo = true;
        _awaitingRelease.Add(Sender);
        _listeners.ForEach(static listener => listener.Tell(new ListenerActor.Release()));
        ConsiderReleased();
    }

    private void OnListenerReleased(ListenerSlot slot)
    {
        if (_listeners.Find(candidate => candidate.Slot == slot) is { } listener)
        {
            listener.IsReleased = true;
            ConsiderReleased();
        }
    }

    private void OnWhenIdle()
    {
        _awaitingIdle.Add(Sender);
        ConsiderReleased();
    }

    private void ConsiderReleased()
    {
        if (!_hasLetGo)
        {
            return;
        }

        if (_listeners.TrueForAll(static listener => listener.IsReleased || listener.Actor is null))
        {
            AnswerAll(_awaitingRelease, ToStatus());
        }

        if (_listeners.TrueForAll(static listener => listener.Actor is null))
        {
            AnswerAll(_awaitingIdle, ToStatus());
        }
    }

    /// <summary>To the supervisor that was told to wait with it: accept now.</summary>
    internal sealed record BeginAccepting : ILocalMessage;

    /// <summary>To the supervisor: another process goes on with the listeners. Answered with <see cref="ZcrxStatus"/> when nothing is accepted here any more.</summary>
    internal sealed record StopAccepting : ILocalMessage;

    /// <summary>To the supervisor: after <see cref="StopAccepting"/>, answered with <see cref="ZcrxStatus"/> when the last connection of the listeners is closed.</summary>
    internal sealed record WhenIdle : ILocalMessage;
}
