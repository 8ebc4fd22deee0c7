using Zcrx.Interop;
using Zcrx.Interop.Emulation;
using Zcrx.Rx;
using Zcrx.Rx.Pool;

namespace Zcrx.Simulation;

/// <summary>Checks the invariants after each step and tracks requested operations.</summary>
internal sealed class Invariants(SimulatedWorld world)
{
    private int _checks;

    /// <summary>Checks all cheap invariants. Checks the bytes of all leases at every eighth call.</summary>
    public void Check()
    {
        world.ThrowIfFailed();
        if (world.Threads.Escape is { } trace)
        {
            throw world.Fail($"an actor runs on a real thread, outside the simulation: {trace}");
        }

        FollowUp();
        foreach (SimulatedQueue queue in world.Queues)
        {
            if (queue.IsOpen && queue.Phase is QueuePhase.Asleep or QueuePhase.Beginning or QueuePhase.Entering)
            {
                CheckQueue(queue);
            }
        }

        foreach (EmulatedInterfaceQueue queue in world.Kernel.InterfaceQueues)
        {
            // After lost completions this is permitted: the library cannot know which buffers the kernel has, so it returns
            // every buffer without a lease.
            if (queue.EntriesIgnored > 0 && !world.MayStreamsBreak)
            {
                throw world.Fail("a buffer was returned to the kernel that the kernel had already");
            }
        }

        if (world.Kernel.LostDescriptors > 0)
        {
            throw world.Fail("a socket was closed while a request used it");
        }

        if (++_checks % 8 == 0)
        {
            world.Leases.ForEach(static lease => lease.Check());
        }

        world.ThrowIfFailed();
    }

    /// <summary>Processes operations that have ended.</summary>
    private void FollowUp()
    {
        foreach (SimulatedConnection connection in world.Connections)
        {
            connection.Look();
            connection.Operator?.Check();
            if (connection.Move is { Done.IsCompleted: true } move)
            {
                connection.Move = null;
                world.Moves.Remove(move);
                CheckMove(move);
            }

            if (connection.Sending is { IsFaulted: true } failed)
            {
                throw world.Fail($"sending on {connection} failed: {failed.Exception!.GetBaseException().Message}");
            }
        }

        for (int i = world.Exports.Count - 1; i >= 0; i--)
        {
            (SimulatedQueue queue, Task<ExportedQueue> export) = world.Exports[i];
            if (export.IsCompleted)
            {
                world.Exports.RemoveAt(i);
                if (export.IsCompletedSuccessfully)
                {
                    SimulatedQueue imported = world.Open(export.Result);
                    imported.Export = export.Result;
                    world.Log.AddEvent($"{imported} imports {queue}");
                }
            }
        }

        foreach (SimulatedQueue queue in world.Queues)
        {
            if (queue.Switched is null && queue.Export is { } export && queue.Opened.IsCompleted)
            {
                queue.Switched = queue.Opened.IsCompletedSuccessfully && queue.Phase != QueuePhase.Opening ? export.Memory.SwitchToAsync(queue.Loop.Sharing) : Task.CompletedTask;
            }

            if (queue.Crash is { } crash and not SimulatedCrashException && !world.Profile.IsRough)
            {
                throw world.Fail($"{queue} has failed: {crash}");
            }

            if (queue.Faults.Find(static fault => fault is not ConsumerException) is { } fault)
            {
                throw world.Fail($"{queue} reports a fault that no observer has caused: {fault}");
            }
        }
    }

    private void CheckMove(PendingMove move)
    {
        string outcome = move.Done.IsFaulted ? "is refused" : move.Done.Result ? "has an end" : "does not happen";
        world.Log.AddEvent($"the move of {move.Connection} to {move.Target} {outcome}");
        ZcrxConnection connection = move.Connection.Connection!;
        if (move.Done.IsFaulted)
        {
            if (!move.Target.IsEnding && move.Target.Phase != QueuePhase.Ended)
            {
                throw world.Fail($"the move of {move.Connection} was refused by {move.Target}, which is open: {move.Done.Exception!.GetBaseException().Message}");
            }
        }
        else if (!move.Done.Result && !connection.Closed.IsCompleted && !connection.Receiver.HasEnded && !connection.Receiver.Control.CloseRequested)
        {
            throw world.Fail($"the move of {move.Connection} to {move.Target} reports that the connection has ended, but it is open");
        }
    }

    private void CheckQueue(SimulatedQueue queue)
    {
        if (!queue.Opened.IsCompletedSuccessfully)
        {
            return;
        }

        BufferPool pool = queue.Loop.Pool;
        HashSet<nint> leased = [.. world.Leases.Where(lease => lease.Queue == queue).SelectMany(static lease => lease.Addresses)];
        int held = leased.Count;
        int waiting = 0;
        int framing = 0;
        int operators = 0;
        foreach (SimulatedConnection connection in world.Connections)
        {
            // Includes connections that have left this queue and are moving to another queue.
            waiting += connection.Connection?.Receiver.Undelivered.CountIn(pool.Ledger) ?? 0;
            operators += connection.OperatorBuffersIn(queue);
            framing += connection.Framing is { } options && !connection.HasStreamEnded ? options.MaxLeasedBuffers + 1 : 0;
        }

        if (pool.Ledger.Leased < held + waiting || pool.Ledger.Leased > held + waiting + framing + operators)
        {
            throw world.Fail($"{queue} counts {pool.Ledger.Leased} leased buffers, but {held} are leased, {waiting} wait for observers, at most {framing} belong to incomplete frames, and at most {operators} to operators");
        }

        if (pool.Account is { Free: < 0 } account && !pool.IsShared)
        {
            throw world.Fail($"{queue} counts a negative number of buffers: {account}");
        }

        if (queue.Phase == QueuePhase.Asleep)
        {
            CheckPressure(queue, pool);
        }
    }

    /// <summary>Checks that a sleeping ring thread has reacted to the current number of leased buffers.</summary>
    private void CheckPressure(SimulatedQueue queue, BufferPool pool)
    {
        if (queue.Level != pool.Level)
        {
            throw world.Fail($"{queue} sleeps at the level {pool.Level}, and has published {queue.Level}");
        }

        if (pool.Level == PoolPressureLevel.Normal && pool.Ledger.InFlight > pool.Buffers - pool.Reserve)
        {
            throw world.Fail($"{queue} sleeps without pressure, although {pool.Ledger.InFlight} of {pool.Buffers} buffers are leased");
        }

        if (pool.Level != PoolPressureLevel.Normal && pool.Account is { InFlight: 0, LeasedElsewhere: 0 } && !pool.HasChanged)
        {
            throw world.Fail($"{queue} sleeps under pressure, although no buffer is leased");
        }
    }
}
