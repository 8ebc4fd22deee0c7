using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Simulation;

/// <summary>Executes decisions. A decision has no effect if no suitable subject exists when it is executed.</summary>
internal sealed class DecisionExecution(SimulatedWorld world)
{
    private const int MostQueues = 6;
    private const int MostConnections = 8;

    private int _number;

    /// <summary>Executes a decision.</summary>
    public void Execute(Decision decision)
    {
        _number++;
        switch (decision.Kind)
        {
            case DecisionKind.Run or DecisionKind.RunUntilAsleep or DecisionKind.Suspend or DecisionKind.Stop or DecisionKind.Crash or DecisionKind.Share or DecisionKind.Reconfigure:
                if (Pick(world.LiveQueues, decision.Subject) is { } queue)
                {
                    OnQueue(queue, decision);
                }

                break;
            case DecisionKind.RunPool when world.Threads.PoolItems > 0:
                Note("the thread pool runs an item");
                RunPool(decision);
                break;
            case DecisionKind.Advance:
                // The back-off of actors is longer than the intervals of queues.
                world.Clock.Advance(TimeSpan.FromMilliseconds(1 + (decision.Amount % (world.Tree is null ? 40 : 400))));
                Note("time passes");
                break;
            case DecisionKind.Connect when world.Connections.Count < MostConnections && Pick(world.LiveQueues.Where(static queue => queue.IsOpen && !queue.IsEnding), decision.Subject) is { } host:
                Connect(decision, host);
                break;
            case DecisionKind.Open when world.LiveQueues.Count() < world.Profile.Queues && world.Queues.Count < MostQueues:
                Note($"{world.Open()} is opened");
                break;
            case DecisionKind.ResumeSuspended:
                Note("the suspended connections may continue");
                ResumeSuspended();
                break;
            case DecisionKind.RestartQueue or DecisionKind.KillActor or DecisionKind.FailOpening:
                OnTree(world.Tree!, decision);
                break;
            case DecisionKind.Fault:
                InjectFault(decision);
                break;
            case DecisionKind.Release or DecisionKind.Retain:
                if (Pick(world.Leases, decision.Subject) is { } held)
                {
                    OnLease(held, decision);
                }

                break;
            default:
                if (Pick(world.Connections, decision.Subject) is { } connection)
                {
                    world.Threads.Interruption = () => Interrupt(connection, decision);
                    Act(connection, decision);
                    world.Threads.Interruption = null;
                }

                break;
        }
    }

    /// <summary>Offers all suspended connections to the open queues.</summary>
    public void ResumeSuspended() =>
        _ = world.Suspended.ResumeOnAsync([.. world.LiveQueues.Where(static queue => queue.IsOpen && !queue.IsEnding).Select(static queue => queue.Host)]);

    private void OnTree(SimulatedTree tree, Decision decision)
    {
        switch (decision.Kind)
        {
            case DecisionKind.RestartQueue:
                Note($"{tree.NameOf(decision.Subject)} is to restart");
                tree.Restart(decision.Subject);
                break;
            case DecisionKind.KillActor:
                bool killsSupervisor = world.Profile.IsRough && decision.Amount % 2 == 0;
                Note($"the {(killsSupervisor ? "supervisor" : "actor")} of {tree.NameOf(decision.Subject)} is killed");
                if (killsSupervisor)
                {
                    // It ends the connections that it has suspended.
                    world.LetStreamsBreak();
                }

                tree.Kill(decision.Subject, killsSupervisor);
                break;
            case DecisionKind.FailOpening when tree.HaveOpened:
                Note($"{1 + (decision.Amount % 3)} registrations fail");
                world.Faults.FailRegistrations(1 + (decision.Amount % 3), Interop.Abi.Errno.ENOMEM);
                break;
            default:
                break;
        }
    }

    private void Connect(Decision decision, SimulatedQueue host)
    {
        OperatorChoice choice = world.Profile.UsesOperators ? OperatorChoice.Of(decision) : OperatorChoice.None;
        FramingOptions? framing = choice.IsForBuffers ? null : FramingOf(decision.Amount);
        SimulatedConnection added = new(world, world.Connections.Count, framing, choice) { Mode = ModeOf(decision.Amount), MayBreak = world.MayStreamsBreak };
        world.Connections.Add(added);
        string items = framing is null ? "" : $" frames in at most {framing.MaxLeasedBuffers} buffers";
        Note($"{added} connects to {host}, and its observer will {added.Mode}{items}{(choice.Kind == OperatorKind.None ? "" : $" through {choice}")}");
        added.Attach(host);
    }

    /// <summary>Runs an item of the thread pool. A ring thread may run while an operator passes an item on.</summary>
    private void RunPool(Decision decision)
    {
        if (!world.Profile.UsesOperators)
        {
            world.Threads.TryRunPool();
            return;
        }

        if (decision.Amount % 2 == 0 && Pick(world.LiveQueues, decision.Amount >> 1) is { } queue)
        {
            world.Threads.PointsBeforeMidway = (decision.Amount >> 8) % 4;
            world.Threads.Midway = () =>
            {
                world.Log.AddEvent($"{queue} runs meanwhile");
                queue.Step();
            };
        }

        world.Threads.TryRunPool(decision.Subject);
    }

    private void Act(SimulatedConnection connection, Decision decision)
    {
        SimulatedConnection? before = world.Acting;
        world.Acting = connection;
        OnConnection(connection, decision);
        world.Acting = before;
    }

    /// <summary>
    /// Makes a second thread of the application call another connection while the first thread is inside a call on the first connection. The
    /// first thread has enqueued its work then, and has not yet woken the ring thread.
    /// </summary>
    private void Interrupt(SimulatedConnection first, Decision decision)
    {
        DecisionKind? kind = (decision.Amount >> 12) switch
        {
            0 => DecisionKind.Subscribe,
            1 => DecisionKind.Pause,
            2 or 3 => DecisionKind.Resume,
            4 when world.Profile.IsRough => DecisionKind.Close,
            _ => null,
        };
        if (kind is { } next && Pick(world.Connections.Where(other => other != first), decision.Amount) is { } second)
        {
            world.Log.AddEvent($"another thread interrupts that, with a call on {second}");
            Act(second, new Decision(next, decision.Subject, decision.Amount));
        }
    }

    private ConsumerMode ModeOf(int amount) => (amount % 16) switch
    {
        < 4 => ConsumerMode.LeaseAll,
        < 8 => ConsumerMode.LeaseSome,
        8 => ConsumerMode.KeepBorrowed,
        9 => ConsumerMode.PassBorrowed,
        10 or 11 => ConsumerMode.Pause,
        12 => ConsumerMode.Unsubscribe,
        13 or 14 when world.Profile.IsRough => ConsumerMode.Throw,
        _ => ConsumerMode.Read,
    };

    // Half of the connections are observed as frames.
    private static FramingOptions? FramingOf(int amount) => (amount >> 4) % 8 is var choice and < 4 ? new FramingOptions { MaxLeasedBuffers = choice } : null;

    private static T? Pick<T>(IEnumerable<T> items, int number)
        where T : class
    {
        T[] all = [.. items];
        return all.Length == 0 ? null : all[number % all.Length];
    }

    private void Note(string text) => world.Log.AddDecision(_number, text);

    private void OnQueue(SimulatedQueue queue, Decision decision)
    {
        switch (decision.Kind)
        {
            case DecisionKind.Run:
                QueuePhase before = queue.Phase;
                if (queue.Step())
                {
                    Note($"{queue} runs: {before} to {queue.Phase}");
                }

                break;
            case DecisionKind.RunUntilAsleep:
                Note($"{queue} runs until it sleeps");
                queue.RunUntilAsleep();
                break;
            case DecisionKind.Suspend when queue.IsOpen && !queue.IsEnding:
                Note($"{queue} is suspended");
                queue.IsEnding = true;
                _ = queue.Loop.SuspendAsync(TimeSpan.Zero);
                break;
            case DecisionKind.Stop when queue.IsOpen && !queue.IsEnding:
                Note($"{queue} is stopped");
                queue.IsEnding = true;
                world.LetStreamsBreak();
                _ = queue.Loop.StopAsync(TimeSpan.FromMilliseconds(decision.Amount % 3 * 50));
                break;
            case DecisionKind.Crash when queue.IsOpen && !queue.IsEnding:
                Note($"{queue} fails");
                queue.IsEnding = true;
                queue.Loop.Post(static () => throw new SimulatedCrashException());
                break;
            case DecisionKind.Share when queue.IsOpen && !queue.IsEnding && world.LiveQueues.Count() < world.Profile.Queues + 1 && world.Queues.Count < MostQueues:
                Note($"{queue} is exported");
                world.Exports.Add((queue, queue.Loop.ExportAsync()));
                break;
            case DecisionKind.Reconfigure when queue.IsOpen:
                double high = 0.5 + (decision.Amount % 5 * 0.1);
                Note($"the marks of {queue} change to {high:0.0} and {high / 2:0.00}");
                _ = queue.Loop.ReconfigureAsync(queue.Loop.Options with { HighWaterMark = high, LowWaterMark = high / 2 });
                break;
            default:
                break;
        }
    }

    private void OnConnection(SimulatedConnection connection, Decision decision)
    {
        switch (decision.Kind)
        {
            case DecisionKind.PeerSend when !connection.HasPeerFinished && !connection.HasPeerClosed:
                int length = 1 + (decision.Amount % world.Profile.LongestSend);
                Note($"the peer of {connection} sends {length} bytes");
                connection.PeerSend(length);
                break;
            case DecisionKind.PeerRead when !connection.HasPeerClosed:
                Note($"the peer of {connection} reads");
                connection.PeerRead();
                break;
            case DecisionKind.PeerFinish when !connection.HasPeerFinished && !connection.HasPeerClosed:
                Note($"the peer of {connection} ends its side");
                connection.PeerFinish();
                break;
            case DecisionKind.PeerClose when !connection.HasPeerClosed:
                Note($"the peer of {connection} goes away");
                connection.ClosePeer();
                break;
            case DecisionKind.Continue when connection.TryContinue(decision.Amount):
                Note($"the consumer of {connection} continues");
                break;
            case DecisionKind.UseStale when connection.HasStale:
                Note($"borrowed buffers of {connection} are used too late");
                connection.UseStale();
                break;
            default:
                if (connection.Connection is { } open)
                {
                    OnOpenConnection(connection, open, decision);
                }

                break;
        }
    }

    private void OnOpenConnection(SimulatedConnection connection, ZcrxConnection open, Decision decision)
    {
        switch (decision.Kind)
        {
            case DecisionKind.Subscribe when connection.MaySubscribe:
                Note($"{connection} is observed");
                connection.Subscribe();
                break;
            case DecisionKind.Unsubscribe when connection.CanUnsubscribe:
                Note($"{connection} is no longer observed");
                connection.Unsubscribe();
                break;
            case DecisionKind.Pause:
                Note($"{connection} is paused");
                open.Pause();
                break;
            case DecisionKind.Resume:
                Note($"{connection} is resumed");
                connection.Resume();
                break;
            case DecisionKind.Send when connection.Sending is null or { IsCompleted: true } && !connection.HaveRepliesFailed && !connection.IsEcho:
                int length = 1 + (decision.Amount % 12_000);
                Note($"{connection} sends {length} bytes");
                connection.Send(length);
                break;
            case DecisionKind.Close:
                Note($"{connection} is disposed");
                connection.MayBreak = true;
                open.Dispose();
                break;
            case DecisionKind.Move when connection.Move is null && Pick(world.Queues, decision.Amount) is { } target && target.Phase != QueuePhase.Opening:
                Note($"{connection} is to move to {target}");
                connection.Move = new PendingMove(connection, target, open.Host.MoveAsync(open.Receiver, target.Host));
                world.Moves.Add(connection.Move);
                break;
            default:
                break;
        }
    }

    private void OnLease(HeldLease held, Decision decision)
    {
        held.Check();
        if (decision.Kind == DecisionKind.Retain)
        {
            if (held.Retain() is { } again)
            {
                Note($"a buffer of {held.Connection} at {held.Position} is leased once more");
                world.Leases.Add(again);
            }

            return;
        }

        Note($"the lease of {held.Connection} at {held.Position} is released");
        world.Leases.Remove(held);
        held.Dispose();
    }

    private void InjectFault(Decision decision)
    {
        int count = 1 + (decision.Amount % 3);
        switch (decision.Subject % (world.Profile.IsRough ? 8 : 5))
        {
            case 0:
                Note($"{count} receives find no buffer");
                world.Faults.FailAllocations(count);
                break;
            case 1:
                Note($"{count} receives find the completion ring full");
                world.Faults.FillCompletions(count);
                break;
            case 2:
                Note($"{count} receives deliver nothing for a turn");
                world.Faults.DelayCompletions(count);
                break;
            case 3:
                Note("receives deliver at most 700 bytes");
                world.Faults.ShortReceiveLimit = 700;
                break;
            case 4:
                Note("receives deliver as much as they can");
                world.Faults.ShortReceiveLimit = 0;
                break;
            case 5:
                Note("the end of a receive is lost");
                world.LetStreamsBreak();
                world.Faults.LoseCompletions(1);
                break;
            case 6:
                Note("a connection is reset");
                world.LetStreamsBreak();
                world.Faults.ResetConnections(1);
                break;
            default:
                Note("a ring loses its descriptor");
                world.LetStreamsBreak();
                world.Faults.BreakRings(1);
                break;
        }
    }
}
