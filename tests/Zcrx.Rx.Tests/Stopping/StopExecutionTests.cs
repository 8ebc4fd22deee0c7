using Zcrx.Interop;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Listening;
using Zcrx.Rx.Moving;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Tests.Support;
using Zcrx.Rx.Tests.Support.Rooms;

namespace Zcrx.Rx.Tests.Stopping;

/// <summary>Tests the end of a queue without a kernel. The test takes the role of the kernel and the ring.</summary>
public class StopExecutionTests
{
    private static readonly Exception Crash = new InvalidOperationException("a test");

    [Fact]
    public void Queue_that_stops_closes_its_connections_once_their_receives_have_ended()
    {
        using QueueBench bench = new();
        Recorder recorder = new(0);
        ConnectionReceiver connection = bench.Connect(0, recorder);
        bench.Settle();
        bench.Ring.Count = 1;

        bench.Stop.BeginStop(TimeSpan.Zero);
        Assert.False(bench.Stop.Advance());
        Assert.Equal((0, ReceiveState.Cancelling), (bench.Ring.Count, connection.State));
        bench.EndCancelled();
        Assert.True(bench.Stop.Advance());
        bench.TearDown();

        Assert.Contains("the queue was closed", Assert.IsType<ZcrxStreamException>(recorder.Error).Message, StringComparison.Ordinal);
        Assert.True(((MemorySocket)connection.Socket).IsClosed);
        Assert.False(((MemorySocket)connection.Socket).WasReset);
    }

    [Fact]
    public void Queue_drains_until_the_last_lease_is_released()
    {
        using QueueBench bench = new();
        BufferLease? lease = null;
        ConnectionReceiver connection = bench.Connect(0, new Recorder(0) { Then = buffer => lease = buffer.Retain() });
        bench.Settle();
        bench.Receive(connection);

        bench.Stop.BeginStop(TimeSpan.FromSeconds(10));
        Assert.False(bench.Stop.Advance());
        Assert.False(connection.Control.CloseRequested);
        lease!.Dispose();
        Assert.False(bench.Stop.Advance());
        Assert.True(connection.Control.CloseRequested);
        bench.EndCancelled();
        Assert.True(bench.Stop.Advance());
    }

    [Theory]
    [InlineData(UnfinishedWork.Work)]
    [InlineData(UnfinishedWork.Hold)]
    [InlineData(UnfinishedWork.Lease)]
    [InlineData(UnfinishedWork.Undelivered)]
    public void Drain_time_that_ends_before_the_work_resets_that_connection_and_no_other(UnfinishedWork kind)
    {
        using QueueBench bench = new();
        BufferLease? lease = null;
        ConnectionReceiver busy = bench.Connect(0, new Recorder(0) { Then = buffer => lease = kind == UnfinishedWork.Lease ? buffer.Retain() : null });
        ConnectionReceiver idle = bench.Connect(1, new Recorder(1));
        bench.Settle();
        Begin(kind, busy);
        bench.Receive(busy, idle);

        bench.Stop.BeginStop(TimeSpan.FromSeconds(10));
        Assert.False(bench.Stop.Advance());
        bench.Settle();
        bench.Clock.Advance(TimeSpan.FromSeconds(10));
        bench.Stop.Advance();
        bench.Settle();
        bench.TearDown();

        Assert.Equal((true, true), (((MemorySocket)busy.Socket).IsClosed, ((MemorySocket)busy.Socket).WasReset));
        Assert.Equal((true, false), (((MemorySocket)idle.Socket).IsClosed, ((MemorySocket)idle.Socket).WasReset));
        Assert.Equal(1, bench.Context.Counters.ConnectionsUnfinished);
        Assert.Contains("had not ended", busy.Control.WhyClosed, StringComparison.Ordinal);
        lease?.Dispose();
    }

    [Theory]
    [InlineData(UnfinishedWork.Work)]
    [InlineData(UnfinishedWork.Hold)]
    public void Work_that_ends_within_the_drain_time_lets_its_connection_close_without_a_reset_in_every_mode(UnfinishedWork kind)
    {
        using QueueBench bench = new();
        ConnectionReceiver connection = bench.Connect(0, new Recorder(0));
        connection.Control.CloseMode = CloseMode.AtEndOfStream;
        bench.Settle();
        Begin(kind, connection);

        bench.Stop.BeginStop(TimeSpan.FromSeconds(10));
        Assert.False(bench.Stop.Advance());
        bench.Settle();
        Assert.True(connection.HasEnded);
        Assert.False(connection.Control.CloseRequested);
        End(kind, connection);
        bench.Settle();

        Assert.Equal((true, false), (((MemorySocket)connection.Socket).IsClosed, ((MemorySocket)connection.Socket).WasReset));
        Assert.Equal(0, bench.Context.Counters.ConnectionsUnfinished);
    }

    [Fact]
    public void Connection_whose_leases_are_released_closes_while_another_is_still_at_work()
    {
        using QueueBench bench = new();
        BufferLease? lease = null;
        ConnectionReceiver leased = bench.Connect(0, new Recorder(0) { Then = buffer => lease = buffer.Retain() });
        ConnectionReceiver busy = bench.Connect(1, new Recorder(1));
        bench.Settle();
        bench.Receive(leased);
        Begin(UnfinishedWork.Work, busy);
        bench.Stop.BeginStop(TimeSpan.FromSeconds(10));
        Assert.False(bench.Stop.Advance());
        bench.Settle();
        Assert.False(bench.Stop.Advance());
        Assert.False(leased.Control.CloseRequested);

        lease!.Dispose();
        bench.Settle();
        Assert.False(bench.Stop.Advance());

        Assert.True(((MemorySocket)leased.Socket).IsClosed);
        Assert.False(((MemorySocket)busy.Socket).IsClosed);
    }

    [Theory]
    [InlineData(UnfinishedWork.Work)]
    [InlineData(UnfinishedWork.Hold)]
    public void Stream_of_a_server_ends_once_no_accepted_connection_is_at_work(UnfinishedWork kind)
    {
        using QueueBench bench = new();
        ConnectionReceiver accepted = bench.Connect(0, new Recorder(0));
        Recorder answers = new(1);
        ConnectionReceiver server = bench.Connect(1, answers);
        server.IsOutgoing = true;
        Begin(UnfinishedWork.Work, server);
        bench.Settle();
        Begin(kind, accepted);

        bench.Stop.BeginStop(TimeSpan.FromSeconds(10));
        Assert.False(bench.Stop.Advance());
        bench.Settle();
        Assert.Equal((true, false), (accepted.HasEnded, server.HasEnded));
        bench.Receive(server);
        Assert.Equal(1, answers.Buffers);
        End(kind, accepted);
        bench.Settle();
        // An answer that has arrived is delivered first.
        ((MemorySocket)server.Socket).BytesWaiting = 1;
        Assert.False(bench.Stop.Advance());
        Assert.False(server.HasEnded);
        ((MemorySocket)server.Socket).BytesWaiting = 0;
        Assert.False(bench.Stop.Advance());
        bench.Settle();
        Assert.True(answers.HasEnded);
        End(UnfinishedWork.Work, server);
        bench.Settle();

        Assert.Equal((true, false), (((MemorySocket)server.Socket).IsClosed, ((MemorySocket)server.Socket).WasReset));
        Assert.True(bench.Stop.Advance());
        Assert.Equal(0, bench.Context.Counters.ConnectionsUnfinished);
    }

    [Fact]
    public void Server_that_never_pauses_delays_the_end_of_its_stream_for_half_of_the_drain_time()
    {
        using QueueBench bench = new();
        ConnectionReceiver server = bench.Connect(0, new Recorder(0));
        server.IsOutgoing = true;
        ConnectionReceiver accepted = bench.Connect(1, new Recorder(1));
        Begin(UnfinishedWork.Work, server);
        Begin(UnfinishedWork.Work, accepted);
        bench.Settle();
        bench.Stop.BeginStop(TimeSpan.FromSeconds(10));
        Assert.False(bench.Stop.Advance());
        End(UnfinishedWork.Work, accepted);
        ((MemorySocket)server.Socket).BytesWaiting = 1;
        bench.Clock.Advance(TimeSpan.FromSeconds(4.9));
        bench.Stop.Advance();
        Assert.False(server.HasEnded);

        bench.Clock.Advance(TimeSpan.FromSeconds(0.1));
        bench.Stop.Advance();

        Assert.True(server.HasEnded);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stream_of_a_relay_does_not_end_before_the_relay_or_the_drain_time(bool ends)
    {
        using QueueBench bench = new();
        ConnectionReceiver connection = bench.Connect(0, new Recorder(0));
        bench.Settle();
        connection.Control.Work.BeginRelay();

        bench.Stop.BeginStop(TimeSpan.FromSeconds(10));
        Assert.False(bench.Stop.Advance());
        bench.Clock.Advance(TimeSpan.FromSeconds(9));
        Assert.False(bench.Stop.Advance());
        Assert.False(connection.HasEnded);
        if (ends)
        {
            connection.Control.Work.EndRelay();
        }
        else
        {
            bench.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        bench.Stop.Advance();
        bench.Settle();

        Assert.Equal((true, !ends), (((MemorySocket)connection.Socket).IsClosed, ((MemorySocket)connection.Socket).WasReset));
        Assert.Equal(ends ? 0 : 1, bench.Context.Counters.ConnectionsUnfinished);
    }

    [Fact]
    public void Stream_of_a_relay_ends_with_the_relay_while_other_work_is_unfinished()
    {
        using QueueBench bench = new();
        ConnectionReceiver busy = bench.Connect(0, new Recorder(0));
        ConnectionReceiver relayed = bench.Connect(1, new Recorder(1));
        bench.Settle();
        Begin(UnfinishedWork.Work, busy);
        relayed.Control.Work.BeginRelay();
        bench.Stop.BeginStop(TimeSpan.FromSeconds(10));
        Assert.False(bench.Stop.Advance());
        bench.Settle();
        Assert.False(relayed.HasEnded);

        relayed.Control.Work.EndRelay();
        Assert.False(bench.Stop.Advance());
        bench.Settle();

        Assert.Equal((true, false), (((MemorySocket)relayed.Socket).IsClosed, ((MemorySocket)busy.Socket).IsClosed));
    }

    [Fact]
    public void Connection_whose_peer_has_ended_closes_after_its_last_lease_while_the_stop_still_delivers()
    {
        using QueueBench bench = new();
        BufferLease? lease = null;
        ConnectionReceiver leased = bench.Connect(0, new Recorder(0) { Then = buffer => lease = buffer.Retain() });
        leased.Control.CloseMode = CloseMode.Manual;
        ConnectionReceiver waiting = bench.Connect(1, new Recorder(1));
        bench.Settle();
        Begin(UnfinishedWork.Hold, waiting);
        bench.Receive(leased, waiting);
        bench.End(leased, 0);
        bench.Stop.BeginStop(TimeSpan.FromSeconds(10));
        Assert.False(bench.Stop.Advance());
        Assert.Equal((false, false), (bench.Phase.HasEndedStreams, leased.Control.CloseRequested));

        lease!.Dispose();
        bench.Settle();
        Assert.False(bench.Stop.Advance());

        Assert.False(bench.Phase.HasEndedStreams);
        Assert.Equal((true, false), (((MemorySocket)leased.Socket).IsClosed, ((MemorySocket)leased.Socket).WasReset));
    }

    [Fact]
    public void Queue_that_stops_waits_for_the_close_of_a_peer_that_has_replies_to_read()
    {
        using QueueBench bench = new();
        ConnectionReceiver connection = bench.Connect(0, new Recorder(0));
        MemorySocket socket = (MemorySocket)connection.Socket;
        bench.Settle();
        Assert.Equal(1, connection.Control.Sender.TrySend([1]));

        bench.Stop.BeginStop(TimeSpan.FromMinutes(1));
        Assert.False(bench.Stop.Advance());
        bench.EndCancelled();
        Assert.False(bench.Stop.Advance());
        Assert.Equal((true, false), (socket.WasShutDown, socket.IsClosed));
        socket.HasPeerEnded = true;
        bench.Clock.Advance(TimeSpan.FromMilliseconds(10));
        Assert.True(bench.Stop.Advance());

        Assert.Equal((true, false), (socket.IsClosed, socket.WasReset));
    }

    [Fact]
    public void Queue_ends_when_a_cancelled_receive_does_not()
    {
        using QueueBench bench = new();
        ConnectionReceiver connection = bench.Connect(0, new Recorder(0));
        bench.Settle();
        bench.Stop.BeginStop(TimeSpan.Zero);
        Assert.False(bench.Stop.Advance());

        bench.Clock.Advance(TimeSpan.FromSeconds(4));

        Assert.True(bench.Stop.Advance());
        bench.TearDown();
        Assert.True(connection.Control.Closed.IsCompleted);
    }

    [Fact]
    public void Suspension_suspends_connections_and_ends_none()
    {
        SuspendedConnectionOwner suspended = new();
        using QueueBench bench = new(suspended: suspended);
        Recorder recorder = new(0);
        ConnectionReceiver connection = bench.Connect(0, recorder);
        bench.Settle();

        bench.Stop.BeginSuspension(TimeSpan.Zero);
        Assert.False(bench.Stop.Advance());
        bench.EndCancelled();
        Assert.True(bench.Stop.Advance());
        bench.TearDown();

        Assert.Equal(1, suspended.Count);
        Assert.False(recorder.HasEnded);
        Assert.False(connection.Control.CloseRequested);
        Assert.Equal(ReceiveObstacles.None, connection.Obstacles);
    }

    [Fact]
    public void Crash_delivers_what_has_arrived_then_closes_the_ring_and_suspends_at_that_position()
    {
        SuspendedConnectionOwner suspended = new();
        using QueueBench bench = new(suspended: suspended);
        Recorder recorder = new(0);
        ConnectionReceiver connection = bench.Connect(0, recorder);
        bench.Settle();
        ReceiveOnceThenCancel(bench, connection);

        bench.TearDown(Crash);

        Assert.Equal((1L, 1), (recorder.Buffers, suspended.Count));
        Assert.Equal("ring closed", bench.Ring.Log[^1]);
        Assert.Single(bench.Ring.Log, static entry => entry == "ring closed");
        Assert.Equal("completions handled", bench.Ring.Log[0]);
        Assert.False(recorder.HasEnded);
        QueueFailedException error = Assert.IsType<QueueFailedException>(Assert.Single(bench.Ring.Finished));
        Assert.Same(Crash, error.InnerException);
    }

    [Fact]
    public void Crash_that_waits_for_the_last_completions_is_not_reported_as_stuck()
    {
        using QueueBench bench = new();
        ConnectionReceiver connection = bench.Connect(0, new Recorder(0));
        bench.Settle();
        Action end = bench.Ring.Handled;
        bench.Ring.Handled = static () => { };
        List<TimeSpan> busy = [];
        bench.Ring.Entered = () =>
        {
            bench.Clock.Advance(TimeSpan.FromSeconds(1));
            busy.Add(bench.Context.Heartbeat.BusyFor);
            bench.Ring.Handled = end;
        };
        bench.Context.Clock.BeginTurn();
        bench.Context.Heartbeat.BeginTurn();

        bench.TearDown(Crash);

        Assert.Equal([TimeSpan.Zero], busy);
        Assert.True(((MemorySocket)connection.Socket).WasReset);
        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(1), bench.Context.Heartbeat.BusyFor);
    }

    [Fact]
    public void Crash_without_suspension_resets_the_connections_and_names_the_position()
    {
        using QueueBench bench = new();
        Recorder recorder = new(0);
        ConnectionReceiver connection = bench.Connect(0, recorder);
        bench.Settle();
        bench.Receive(connection);

        bench.TearDown(Crash);

        ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(recorder.Error);
        Assert.Equal(recorder.End, error.StreamOffset);
        Assert.Same(Crash, error.InnerException);
        Assert.True(((MemorySocket)connection.Socket).WasReset);
    }

    [Fact]
    public void Crash_with_lost_completions_fails_connections_that_were_receiving_and_suspends_the_others()
    {
        SuspendedConnectionOwner suspended = new();
        using QueueBench bench = new(suspended: suspended);
        Recorder receiving = new(0);
        _ = bench.Connect(0, receiving);
        Recorder paused = new(1);
        bench.Connect(1, paused).Control.Pause();
        bench.Settle();
        bench.Ring.HasDroppedCompletions = true;

        bench.TearDown(Crash);

        Assert.Contains("bytes may be missing", Assert.IsType<ZcrxStreamException>(receiving.Error).Message, StringComparison.Ordinal);
        Assert.False(paused.HasEnded);
        Assert.Equal(1, suspended.Count);
        // Completions were dropped, so the remaining ones are not handled. Those of accepts still contain sockets, which must be closed.
        Assert.Equal(0u, bench.Ring.HandledBeforeUnseen);
        Assert.DoesNotContain("completions handled", bench.Ring.Log);
    }

    [Fact]
    public void Crash_of_a_corrupt_ring_acts_on_no_completion()
    {
        using QueueBench bench = new();
        ConnectionReceiver connection = bench.Connect(0, new Recorder(0));
        bench.Settle();
        Assert.Throws<ZcrxException>(() => bench.Deliver([QueueBench.Completed(connection.ReceiveTag, ulong.MaxValue, 1)]));

        bench.TearDown(Crash);

        Assert.DoesNotContain("completions handled", bench.Ring.Log);
        Assert.Null(bench.Ring.HandledBeforeUnseen);
        Assert.True(((MemorySocket)connection.Socket).WasReset);
    }

    [Fact]
    public void Crash_during_a_delivery_ends_that_stream_before_more_of_its_bytes_arrive()
    {
        SuspendedConnectionOwner suspended = new();
        using QueueBench bench = new(suspended: suspended);
        Recorder recorder = new(0);
        ConnectionReceiver connection = bench.Connect(0, recorder);
        bench.Settle();
        connection.WasInterrupted = true;
        ReceiveOnceThenCancel(bench, connection);

        bench.TearDown(Crash);

        Assert.IsType<ZcrxStreamException>(recorder.Error);
        Assert.Equal((0L, 0), (recorder.Buffers, suspended.Count));
        Assert.True(((MemorySocket)connection.Socket).WasReset);
    }

    [Fact]
    public void Crash_during_the_salvage_fails_the_connections_and_still_closes_the_ring()
    {
        using QueueBench bench = new(suspended: new SuspendedConnectionOwner());
        Recorder recorder = new(0);
        _ = bench.Connect(0, recorder);
        bench.Settle();
        bench.Ring.Handled = static () => throw new InvalidOperationException("the second failure");

        bench.TearDown(Crash);

        Assert.Same(Crash, Assert.IsType<ZcrxStreamException>(recorder.Error).InnerException);
        Assert.Contains("ring closed", bench.Ring.Log);
    }

    /// <summary>Specifies why a connection has not ended when the drain time is over.</summary>
    public enum UnfinishedWork
    {
        Work,
        Hold,
        Lease,
        Undelivered,
    }

    private static void Begin(UnfinishedWork kind, ConnectionReceiver connection)
    {
        switch (kind)
        {
            case UnfinishedWork.Work:
                connection.Control.Work.Begin();
                break;
            case UnfinishedWork.Hold:
                connection.Control.PauseForConsumer();
                break;
            case UnfinishedWork.Undelivered:
                // The pause keeps the buffer undelivered. A stop does not wait for a paused connection.
                connection.Control.Pause();
                break;
            default:
                break;
        }
    }

    private static void End(UnfinishedWork kind, ConnectionReceiver connection)
    {
        if (kind == UnfinishedWork.Work)
        {
            connection.Control.Work.End();
        }
        else
        {
            connection.Control.ResumeForConsumer();
        }
    }

    /// <summary>
    /// Makes the ring end the cancelled requests whenever completions are handled. The first time, it delivers one more buffer to the
    /// connection before that.
    /// </summary>
    private static void ReceiveOnceThenCancel(QueueBench bench, ConnectionReceiver connection)
    {
        bool hasArrived = false;
        bench.Ring.Handled = () =>
        {
            if (!hasArrived)
            {
                hasArrived = true;
                bench.Receive(connection);
            }

            bench.EndCancelled();
        };
    }
}
