using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Moving;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Tests.Support;
using Zcrx.Rx.Tests.Support.Rooms;

namespace Zcrx.Rx.Tests.Moving;

/// <summary>
/// Tests moves between queues without a kernel. The queues are plain memory, and the test takes the role of the kernel and the ring
/// threads.
/// </summary>
public class ConnectionMoverTests
{
    private const int Queues = 3;

    private static readonly Gen<(int Step, int Queue)> Steps = from step in Gen.Choose(0, 9) from queue in Gen.Choose(0, Queues - 1) select (step, queue);

    [Fact]
    public async Task Connection_with_an_armed_receive_moves_after_the_receive_has_ended()
    {
        using QueueBench source = new();
        using QueueBench target = new();
        Recorder recorder = new(0);
        ConnectionReceiver connection = source.Connect(0, recorder);
        source.Settle();
        Assert.Equal(ReceiveState.Armed, connection.State);

        Task<bool> moved = source.Host.MoveAsync(connection, target.Host);
        source.Prepare();
        Assert.Equal((ReceiveState.Cancelling, 0), (connection.State, target.Table.Count));
        // These bytes arrive before the cancelled receive ends, so the old queue delivers them.
        source.Receive(connection);
        source.EndCancelled();
        source.Prepare();
        target.Settle();

        Assert.True(await moved.Within("the move ends"));
        Assert.Equal((0, 1, 1L), (source.Table.Count, target.Table.Count, target.Context.Counters.ConnectionsMovedIn));
        Assert.Equal((ReceiveState.Armed, target.Host), (connection.State, connection.Control.Host));
        target.Adopt(connection, 0);
        target.Receive(connection);
        Assert.Equal((2L, connection.BytesReceived), (recorder.Buffers, recorder.End));
        recorder.AssertIntact();
    }

    [Fact]
    public void Sender_that_waits_for_room_while_no_queue_has_the_connection_is_served_by_the_target()
    {
        using QueueBench source = new();
        using QueueBench target = new();
        ConnectionReceiver connection = source.Connect(0);
        source.Settle();
        _ = source.Host.MoveAsync(connection, target.Host);
        source.Prepare();
        source.TearDown();
        Assert.Equal((0, 0), (source.Table.Count, target.Table.Count));

        // The old queue has ended, and the new one has not run yet. The wait for room must pass to the new queue, because a sender that
        // retried at once would spin.
        source.Host.AwaitRoom(connection);
        Assert.True(connection.Control.AwaitsRoomOnArrival);
        target.Settle();

        Assert.True(connection.IsAwaitingRoom);
        Assert.Contains(connection.Tag(RequestKind.Writable), target.Requests.Polls);
    }

    [Fact]
    public void Undelivered_bytes_move_as_copies_and_their_buffers_return_to_the_source()
    {
        using QueueBench source = new();
        using QueueBench target = new();
        ConnectionReceiver connection = source.Connect(0);
        source.Receive(connection, connection);
        Assert.Equal(2, connection.Undelivered.Count);

        _ = source.Host.MoveAsync(connection, target.Host);
        source.Settle();
        target.Settle();
        source.Refill();

        Assert.Equal((32, 0), (source.Free, source.Queue.Ledger.Leased));
        Assert.Equal((2, 2L), (connection.Undelivered.Count, target.Queue.Ledger.Copies));
        Recorder recorder = new(0);
        connection.Stream.Subscribe(recorder);
        target.Settle();
        Assert.Equal((2L, connection.BytesReceived), (recorder.Buffers, recorder.End));
        recorder.AssertIntact();
    }

    [Fact]
    public void Move_has_succeeded_before_its_target_calls_an_observer_that_may_block()
    {
        using QueueBench source = new();
        using QueueBench target = new();
        ConnectionReceiver connection = source.Connect(0);
        source.Receive(connection);
        Task<bool> moved = source.Host.MoveAsync(connection, target.Host);
        source.Settle();
        List<bool> hasMoved = [];
        Recorder recorder = new(0) { Then = _ => hasMoved.Add(moved.IsCompletedSuccessfully) };
        connection.Stream.Subscribe(recorder);

        target.Settle();

        Assert.Equal([true], hasMoved);
    }

    [Fact]
    public async Task Connection_whose_target_has_ended_stays_on_its_queue()
    {
        using QueueBench source = new();
        using QueueBench target = new();
        Recorder recorder = new(0);
        ConnectionReceiver connection = source.Connect(0, recorder);
        target.TearDown();

        Task<bool> moved = source.Host.MoveAsync(connection, target.Host);
        source.Settle();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => moved);
        Assert.Equal((1, ReceiveState.Armed, source.Host), (source.Table.Count, connection.State, connection.Control.Host));
        Assert.False(recorder.HasEnded);
    }

    [Fact]
    public async Task Connection_that_ends_before_its_receive_was_cancelled_does_not_move()
    {
        using QueueBench source = new();
        using QueueBench target = new();
        Recorder recorder = new(0);
        ConnectionReceiver connection = source.Connect(0, recorder);
        source.Settle();

        Task<bool> moved = source.Host.MoveAsync(connection, target.Host);
        source.Prepare();
        source.End(connection, 0);
        source.Settle();
        target.Settle();

        Assert.False(await moved.Within("the move ends"));
        Assert.True(recorder.HasEnded);
        Assert.Equal(0, target.Table.Count);
    }

    [Fact]
    public async Task Second_move_replaces_one_that_has_not_left_yet()
    {
        using QueueBench source = new();
        using QueueBench first = new();
        using QueueBench second = new();
        ConnectionReceiver connection = source.Connect(0, new Recorder(0));
        source.Settle();

        Task<bool> replaced = source.Host.MoveAsync(connection, first.Host);
        Task<bool> moved = source.Host.MoveAsync(connection, second.Host);
        source.Settle();
        first.Settle();
        second.Settle();

        Assert.False(await replaced.Within("the first move ends"));
        Assert.True(await moved.Within("the second move ends"));
        Assert.Equal((second.Host, ReceiveState.Armed), (connection.Control.Host, connection.State));
    }

    [Fact]
    public async Task Suspended_connection_with_a_begun_move_continues_on_the_target()
    {
        SuspendedConnectionOwner suspended = new();
        using QueueBench source = new(suspended: suspended);
        using QueueBench target = new(suspended: suspended);
        ConnectionReceiver connection = source.Connect(0, new Recorder(0));
        source.Settle();
        Task<bool> moved = source.Host.MoveAsync(connection, target.Host);
        source.Prepare();

        source.TearDown(new InvalidOperationException("a test"));
        target.Settle();

        Assert.True(await moved.Within("the move ends"));
        Assert.Equal((0, target.Host, ReceiveState.Armed), (suspended.Count, connection.Control.Host, connection.State));
    }

    [Fact]
    public async Task Detached_connection_returns_the_bytes_that_no_observer_has_received()
    {
        using QueueBench bench = new();
        ConnectionReceiver connection = bench.Connect(0);
        bench.Receive(connection, connection);
        ConnectionMove move = bench.Host.Detach(connection);

        bench.Settle();
        bench.Refill();

        Assert.True(await move.Done.Within("the connection is detached"));
        Assert.Equal(Payload.At(0, 0, (int)connection.BytesReceived), move.Unread.ToArray());
        Assert.Equal((32, 0), (bench.Free, bench.Table.Count));
    }

    [Fact]
    public void Connection_always_has_one_owner_and_every_move_ends() => Prop
        .ForAll(Steps.ListOf(40).ToArbitrary(), static steps =>
        {
            SuspendedConnectionOwner suspended = new();
            QueueBench[] queues = [.. Enumerable.Range(0, Queues).Select(_ => new QueueBench(suspended: suspended))];
            Recorder recorder = new(0);
            ConnectionReceiver connection = queues[0].Connect(0, recorder);
            List<Task<bool>> moves = [];
            foreach (QueueBench queue in queues)
            {
                queue.Adopt(connection, 0);
            }

            foreach ((int step, int index) in steps)
            {
                QueueBench queue = queues[index];
                QueueBench? present = queues.FirstOrDefault(queue => queue.Scheduler.IsHere(connection));
                switch (step)
                {
                    // A connection moves only once at a time, as MoveGate ensures.
                    case 0 or 1 or 2 when moves.TrueForAll(static move => move.IsCompleted):
                        moves.Add(((ConnectionHost)connection.Control.Host).MoveAsync(connection, queue.Host));
                        break;
                    case 3 when present is not null && connection.HasRequest:
                        present.Receive(connection);
                        break;
                    case 4:
                        connection.Control.Pause();
                        break;
                    case 5:
                        connection.Control.Resume();
                        break;
                    case 6 when index > 0 && !queue.Worker.Ended.IsCompleted:
                        // The first queue is never torn down, so that the connection can always continue on it.
                        queue.TearDown(new InvalidOperationException("a test"));
                        break;
                    default:
                        if (!queue.Worker.Ended.IsCompleted)
                        {
                            queue.Prepare();
                            queue.EndCancelled();
                        }

                        break;
                }
            }

            connection.Control.Resume();
            Task<int> resumed = suspended.ResumeOnAsync([queues[0].Host]);
            // One queue may post work to another, so the queues run repeatedly.
            Deadline.Watch watch = Deadline.Start("all moves end, and the connection receives again");
            while (moves.Exists(static move => !move.IsCompleted) || !resumed.IsCompleted
                || connection.State != ReceiveState.Armed || recorder.End != connection.BytesReceived)
            {
                watch.Check(() => $"{moves.Count(static move => !move.IsCompleted)} moves have not ended; the connection is {connection.State}");
                foreach (QueueBench queue in queues.Where(static queue => !queue.Worker.Ended.IsCompleted))
                {
                    queue.Settle();
                }
            }

            QueueBench owner = Assert.Single(queues, queue => queue.Scheduler.IsHere(connection));
            Assert.Same(owner.Host, connection.Control.Host);
            Assert.Equal(0, suspended.Count);
            recorder.AssertIntact();
            Assert.False(recorder.HasEnded);
            Array.ForEach(queues, static queue => queue.Dispose());
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
}
