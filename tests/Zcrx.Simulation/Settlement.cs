using Zcrx.Interop.Emulation;
using Zcrx.Rx.Pool;
using Zcrx.Rx.Receiving;

namespace Zcrx.Simulation;

/// <summary>Ends a simulation: removes every obstacle, then checks that all bytes arrive and no resource leaks.</summary>
internal sealed class Settlement(SimulatedWorld world, DecisionExecution execution, Invariants invariants)
{
    private const int MostRounds = 4_000;
    private const int LastBytes = 300;

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>Removes all obstacles, runs the simulation to its end and checks the final state.</summary>
    public void Run()
    {
        world.Log.AddEvent("all obstacles end");
        world.Faults.FailAllocations(0);
        world.Faults.FillCompletions(0);
        world.Faults.DelayCompletions(0);
        world.Faults.LoseCompletions(0);
        world.Faults.ResetConnections(0);
        world.Faults.BreakRings(0);
        RunUntilIdle();
        WakeInVain();
        if (world.Tree is { } tree)
        {
            Recover(tree);
        }
        else if (!world.LiveQueues.Any(static queue => !queue.IsEnding))
        {
            world.Open();
            RunUntilIdle();
        }

        Unblock();
        if (world.Tree is null)
        {
            execution.ResumeSuspended();
        }

        RunUntilIdle();
        WakeInVain();
        DrainAll();
        CheckStreams();
        CheckBuffers();
        Stop();
    }

    /// <summary>Waits until the actors have opened all queues.</summary>
    private void Recover(SimulatedTree tree)
    {
        world.Faults.FailRegistrations(0, 1);
        RunUntilIdle(() => tree.AreSettled, tree);
        tree.CheckGivenUp();
        tree.RestartFailed();
        RunUntilIdle(() => tree.AreOpen, tree);
    }

    /// <summary>Advances the time until the actors have opened their queues.</summary>
    private void RunUntilIdle(Func<bool> isDone, SimulatedTree tree)
    {
        RunUntilIdle();
        TimeSpan end = world.Clock.Elapsed + Patience;
        while (!isDone())
        {
            if (world.Clock.Elapsed > end || !TryPassTime())
            {
                throw world.Fail($"the actors do not open all queues: {tree.Describe()}");
            }

            RunUntilIdle();
        }
    }

    /// <summary>Ends all delays that the application causes: it reads and resumes every connection and releases all leases.</summary>
    private void Unblock()
    {
        foreach (SimulatedConnection connection in world.Connections.Where(static connection => connection.Connection is not null))
        {
            world.Acting = connection;
            connection.Mode = ConsumerMode.Read;
            connection.EndDelays();
            connection.UseStale();
            if (!connection.IsSubscribed && !connection.HasStreamEnded)
            {
                connection.Subscribe();
            }

            connection.Resume();
            world.Acting = null;
        }

        while (world.Leases.Count > 0)
        {
            HeldLease held = world.Leases[0];
            held.Check();
            world.Leases.RemoveAt(0);
            held.Dispose();
        }
    }

    /// <summary>Advances the time until every stream has arrived completely. Peers then end their streams.</summary>
    private void DrainAll()
    {
        TimeSpan end = world.Clock.Elapsed + Patience;
        bool hasSent = false;
        while (!IsAllReceived() || !hasSent)
        {
            if (IsAllReceived())
            {
                hasSent = true;
                world.Log.AddEvent("peers send the rest and end their side");
                foreach (SimulatedConnection connection in world.Connections.Where(static connection => connection.Connection is not null && !connection.HasPeerClosed))
                {
                    if (!connection.HasPeerFinished)
                    {
                        connection.PeerSend(LastBytes);
                        connection.PeerFinish();
                    }
                }
            }

            RunUntilIdle();
            if (TryObserveAgain())
            {
                RunUntilIdle();
            }

            if (IsAllReceived())
            {
                continue;
            }

            if (world.Clock.Elapsed > end || !TryPassTime())
            {
                throw world.Fail($"nothing more happens, but {Unfinished()}; {Pools()}");
            }
        }

        RunUntilIdle();
        for (int i = 0; i < 3 && world.Connections.Exists(static connection => connection.IsAlive); i++)
        {
            TryPassTime();
            RunUntilIdle();
        }
    }

    /// <summary>Observes the connections whose operators have failed, to receive the ends of their streams.</summary>
    private bool TryObserveAgain()
    {
        List<SimulatedConnection> unobserved = world.Connections.FindAll(static connection => connection is { Connection: not null, IsSubscribed: false, HasStreamEnded: false });
        foreach (SimulatedConnection connection in unobserved)
        {
            world.Acting = connection;
            connection.Subscribe();
            world.Acting = null;
        }

        return unobserved.Count > 0;
    }

    private bool IsAllReceived() => world.Connections.TrueForAll(
        static connection => connection.Connection is null || connection.HasStreamEnded || (connection.HasReceivedAll && !connection.HasPeerFinished && !connection.HasPeerClosed));

    private string Unfinished() => string.Join(
        "; ",
        world.Connections
            .Where(static connection => connection.Connection is not null && !connection.HasStreamEnded)
            .Select(static connection => $"{connection} has received {connection.Position} of {connection.Sent} bytes, obstacles {connection.Connection!.Receiver.Obstacles}, {connection.Connection.ReceiveState}, on {connection.Connection.QueueName}")
            .DefaultIfEmpty("no stream waits"));

    private string Pools() => string.Join("; ", world.LiveQueues.Select(static queue => $"{queue} {(queue.Loop.Pool.Refill.IsOurs ? "writes the refill queue" : "forwards its buffers")}, {queue.Loop.Pool.Level}, {queue.Loop.Pool.Account}"));

    private void CheckStreams()
    {
        foreach (SimulatedConnection connection in world.Connections.Where(static connection => connection.Connection is not null))
        {
            connection.PeerRead();
            if (connection.IsAlive)
            {
                RunUntilIdle();
                connection.PeerRead();
            }
        }

        RunUntilIdle();
        foreach (SimulatedConnection connection in world.Connections.Where(static connection => connection.Connection is not null))
        {
            connection.PeerRead();
            if (connection.Sending is { IsCompleted: false })
            {
                throw world.Fail($"a send on {connection} never ends");
            }

            if (!connection.MayBreak && !connection.HaveRepliesFailed && connection.Replies.Read != connection.Replies.Sent)
            {
                throw world.Fail($"the peer of {connection} has read {connection.Replies.Read} of {connection.Replies.Sent} bytes");
            }

            if (connection.IsAlive)
            {
                throw world.Fail($"{connection} has ended, but is not closed");
            }
        }

        if (world.Moves.Count > 0)
        {
            throw world.Fail($"the move of {world.Moves[0].Connection} never ends");
        }

        int suspended = world.Queues.Select(static queue => queue.Host.Suspended).Distinct().Sum(static owner => owner!.Count);
        if (suspended > 0)
        {
            throw world.Fail($"{suspended} connections stay suspended");
        }
    }

    /// <summary>Checks that no queue counts a buffer in flight and that the kernel has all buffers.</summary>
    private void CheckBuffers()
    {
        foreach (SimulatedQueue queue in world.LiveQueues)
        {
            BufferPool pool = queue.Loop.Pool;
            world.Threads.As(queue, queue.Loop.Sharing.TakeReturned);
            if (queue.Host.AwaitsLateWork())
            {
                throw world.Fail($"the work of an operator on a closed connection of {queue} never ends");
            }

            if (pool.Ledger.InFlight != 0)
            {
                throw world.Fail($"{queue} counts {pool.Ledger.InFlight} buffers in flight, but nothing is leased");
            }
        }

        foreach (SimulatedQueue queue in world.LiveQueues)
        {
            world.Threads.As(queue, () => FlushIfProducer(queue));
        }

        foreach (EmulatedInterfaceQueue queue in world.Kernel.InterfaceQueues)
        {
            int missing = queue.Areas.Sum(static area => area.Buffers - area.FreeCount);
            // The buffers of a failed ring are reclaimed when only one ring is left. Until then they may be missing.
            if (missing != 0 && !(world.MayStreamsBreak && world.LiveQueues.Any(static queue => queue.Loop.Queue.Memory.Rings > 1)))
            {
                throw world.Fail($"{missing} buffers are lost: neither a consumer nor the kernel has them");
            }
        }
    }

    private static void FlushIfProducer(SimulatedQueue queue)
    {
        queue.Loop.Sharing.TakeReturned();
        if (queue.Loop.Pool.Refill.IsOurs)
        {
            queue.Loop.Pool.Publish();
            queue.Loop.Pool.Flush();
            queue.Loop.Pool.AppendPending();
            queue.Loop.Pool.Publish();
            queue.Loop.Pool.Flush();
        }
    }

    /// <summary>Stops all queues and checks that no resource leaks.</summary>
    private void Stop()
    {
        world.Log.AddEvent("all queues stop");
        world.Tree?.Stop();
        foreach (SimulatedQueue queue in world.LiveQueues)
        {
            queue.IsEnding = true;
            if (world.Tree is null)
            {
                _ = queue.Loop.StopAsync(TimeSpan.FromSeconds(1));
            }
        }

        TimeSpan end = world.Clock.Elapsed + Patience;
        while (world.LiveQueues.Any())
        {
            RunUntilIdle();
            if (world.LiveQueues.Any() && (world.Clock.Elapsed > end || !TryPassTime()))
            {
                throw world.Fail($"{world.LiveQueues.First()} does not end");
            }
        }

        RunUntilIdle();
        if (world.Tree is { HasStopped: false } tree)
        {
            throw world.Fail($"the actors do not stop: {tree.Describe()}");
        }

        world.Suspended.EndAll(forGood: true);
        foreach (SimulatedQueue queue in world.Queues)
        {
            queue.Export?.Dispose();
        }

        RunUntilIdle();
        if (world.Kernel.OpenDescriptors != 0 || world.Kernel.Exports != 0)
        {
            throw world.Fail($"{world.Kernel.OpenDescriptors} rings and {world.Kernel.Exports} exports are left");
        }
    }

    /// <summary>
    /// Checks that a spurious wake-up changes nothing. A change would mean pending work that would not have woken the thread.
    /// </summary>
    private void WakeInVain()
    {
        foreach (SimulatedQueue queue in world.LiveQueues)
        {
            if (queue.Oversleeps)
            {
                throw world.Fail($"{queue} sleeps longer than until its next deadline");
            }

            if (queue.Phase != QueuePhase.Asleep || queue.IsOverdue)
            {
                continue;
            }

            int events = world.Log.Count;
            long submissions = world.Kernel.Submissions;
            string before = Obstacles();
            queue.WakeInVain();
            if (queue.Phase == QueuePhase.Ended)
            {
                throw world.Fail($"{queue} slept although it could end: nothing would have woken it");
            }

            if (world.Log.Count != events || world.Kernel.Submissions != submissions)
            {
                throw world.Fail($"{queue} slept although it had something to do: nothing would have woken it: {world.Log.Count - events} events, {world.Kernel.Submissions - submissions} submissions. Before: {before}. After: {Obstacles()}");
            }
        }

        invariants.Check();
    }

    private string Obstacles() => string.Join(
        ", ",
        world.Connections.Where(static connection => connection.IsAlive).Select(static connection => $"{connection} on {connection.Connection!.QueueName} {connection.Connection.ReceiveState} {connection.Connection.Receiver.Obstacles}"));

    /// <summary>Advances the time to the next timeout of a sleeping thread.</summary>
    private bool TryPassTime()
    {
        long? due = world.LiveQueues.Min(static queue => queue.Due);
        if (world.Tree is not null)
        {
            // The times of the actors' timers are not known.
            long step = world.Clock.GetTimestamp() + Step.Ticks;
            due = long.Min(long.Min(due ?? step, step), world.Clock.NextTimer ?? step);
        }

        if (due is not { } next)
        {
            return false;
        }

        world.Clock.Advance(TimeSpan.FromTicks(next - world.Clock.GetTimestamp()));
        return true;
    }

    /// <summary>Runs all threads until none can run before time advances.</summary>
    private void RunUntilIdle()
    {
        for (int i = 0; i < MostRounds; i++)
        {
            world.PassTime();
            bool hasRun = world.Threads.TryRunPool();
            for (int q = 0; q < world.Queues.Count; q++)
            {
                hasRun |= world.Queues[q].Step();
            }

            foreach (SimulatedConnection connection in world.Connections)
            {
                hasRun |= connection.PeerRead();
            }

            invariants.Check();
            if (!hasRun)
            {
                return;
            }
        }

        throw world.Fail($"the threads never sleep: {MostRounds} rounds");
    }
}
