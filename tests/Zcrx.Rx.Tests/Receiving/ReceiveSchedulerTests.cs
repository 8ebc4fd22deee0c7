using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Tests.Support;
using Zcrx.Rx.Tests.Support.Rooms;

namespace Zcrx.Rx.Tests.Receiving;

/// <summary>
/// Tests the scheduler of receives without a kernel. The test takes the role of the kernel, the consumers and the application.
/// </summary>
public class ReceiveSchedulerTests
{
    private const int Buffers = 32;
    private const int Connections = 4;

    private static readonly Gen<(int Step, int Connection)> Steps = from step in Gen.Choose(0, 9) from connection in Gen.Choose(0, Connections - 1) select (step, connection);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stream_whose_error_the_kernel_has_reported_to_a_send_ends_with_an_error(bool endsDuringTheSend)
    {
        using ReceiveBench bench = new(Buffers);
        Recorder recorder = new(0);
        ConnectionReceiver connection = bench.Connect(recorder);
        MemorySocket socket = (MemorySocket)connection.Socket;
        bench.Turn();

        // The kernel reports a socket error only once. If a send gets it, the receive returns 0.
        socket.Failing = (() => EndIf(endsDuringTheSend), SocketError.TimedOut);
        await Assert.ThrowsAsync<SocketException>(() => connection.Control.Sender.SendAsync(new byte[1], CancellationToken.None).AsTask());
        EndIf(!endsDuringTheSend);
        bench.Turn();

        Assert.Equal(endsDuringTheSend ? Errno.ECONNRESET : Errno.ETIMEDOUT, Assert.IsType<ZcrxStreamException>(recorder.Error).ErrorNumber);

        void EndIf(bool condition)
        {
            if (condition)
            {
                socket.IsDisconnected = true;
                bench.End(connection, 0);
            }
        }
    }

    [Theory]
    [InlineData(Errno.EPIPE, null)]
    [InlineData(Errno.ETIMEDOUT, Errno.ETIMEDOUT)]
    [InlineData(0, Errno.ECONNRESET)]
    public async Task Stream_whose_connection_breaks_while_a_send_waits_for_room_ends_as_the_pending_error_says(int pending, int? expected)
    {
        using ReceiveBench bench = new(Buffers);
        Recorder recorder = new(0);
        ConnectionReceiver connection = bench.Connect(recorder);
        MemorySocket socket = (MemorySocket)connection.Socket;
        bench.Turn();
        socket.Failing = (static () => { }, SocketError.WouldBlock);
        Task sending = connection.Control.Sender.SendAsync(new byte[1], CancellationToken.None).AsTask();
        Assert.True(connection.Control.Sender.IsBusy);

        (socket.IsDisconnected, socket.PendingError) = (true, pending);
        bench.End(connection, 0);
        bench.Turn();

        Assert.True(recorder.HasEnded);
        Assert.Equal(expected, (recorder.Error as ZcrxStreamException)?.ErrorNumber);
        socket.Failing = (static () => { }, SocketError.Shutdown);
        connection.Control.Sender.OnWritable(0);
        await Assert.ThrowsAsync<SocketException>(() => sending.Within("the send fails"));
    }

    [Fact]
    public void Stream_that_the_peer_ends_while_its_connection_sends_completes()
    {
        using ReceiveBench bench = new(Buffers);
        Recorder recorder = new(0);
        ConnectionReceiver connection = bench.Connect(recorder);
        bench.Turn();

        ((MemorySocket)connection.Socket).Failing = (() => bench.End(connection, 0), SocketError.Shutdown);
        Assert.Equal(0, connection.Control.Sender.TrySend(new byte[1]));
        bench.Turn();

        Assert.True(recorder.HasEnded);
        Assert.Null(recorder.Error);
    }

    [Fact]
    public void Kernel_has_one_receive_of_each_connection_that_wants_one_and_none_of_the_others() => Prop
        .ForAll(Steps.ListOf(100).ToArbitrary(), static steps =>
        {
            using ReceiveBench bench = new(Buffers);
            ConnectionReceiver[] connections = [.. Enumerable.Range(0, Connections).Select(_ => bench.Connect())];
            List<int>[] leases = [.. connections.Select(static _ => new List<int>())];
            bench.Turn();
            foreach ((int step, int index) in steps)
            {
                Play(bench, connections[index], leases[index], step);
                bench.Turn();
                bench.EndCancelled();
                bench.Turn();
                foreach (ConnectionReceiver connection in connections.Where(bench.Scheduler.IsHere))
                {
                    Assert.Equal(connection.WantsReceive, bench.Requests.Armed.ContainsKey(connection.ReceiveTag));
                    Assert.Equal(connection.WantsReceive, connection.HasRequest);
                    // The end of a connection is detected by its receive, or by a poll when it has none.
                    Assert.True(connection.HasRequest || connection.HasEnded || bench.Requests.Polls.Contains(connection.Tag(RequestKind.HangUp)));
                }
            }

            // Releases all leases and resumes all connections. Every connection that is left must then receive, whatever happened before.
            for (int i = 0; i < Connections; i++)
            {
                leases[i].ForEach(bench.Queue.Ledger.Release);
                connections[i].Control.Resume();
            }

            // Starved connections retry every 128 ms or more often.
            for (int i = 0; i < 3; i++)
            {
                bench.Clock.Advance(TimeSpan.FromSeconds(1));
                bench.Turn();
                bench.EndCancelled();
            }

            Assert.All(connections.Where(bench.Scheduler.IsHere), static connection => Assert.True(connection.HasRequest));
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void Connection_that_is_paused_while_its_receive_is_queued_is_watched_for_its_end()
    {
        using ReceiveBench bench = new(Buffers);
        ConnectionReceiver connection = bench.Connect();
        bench.Scheduler.Reconcile(connection);
        connection.Control.Pause();

        bench.Scheduler.ArmReceives();

        Assert.False(connection.HasRequest);
        Assert.Contains(connection.Tag(RequestKind.HangUp), bench.Requests.Polls);
    }

    [Fact]
    public void Connection_that_was_served_most_recently_is_armed_last()
    {
        using ReceiveBench bench = new(Buffers);
        ConnectionReceiver first = bench.Connect();
        ConnectionReceiver second = bench.Connect();
        bench.Turn();
        bench.Receive(first, 1);
        bench.End(first, -Errno.ENOSPC);
        bench.End(second, -Errno.ENOSPC);

        bench.Turn();

        Assert.Equal([second.ReceiveTag, first.ReceiveTag], bench.Requests.Receives.TakeLast(2));
    }

    [Fact]
    public void Reserve_gives_one_buffer_to_a_connection_without_leases_and_pauses_one_with_leases()
    {
        using ReceiveBench bench = new(Buffers);
        ConnectionReceiver greedy = bench.Connect();
        List<int> leases = [.. Enumerable.Range(0, Buffers - bench.Pool.Reserve).Select(index => bench.Queue.Lease((ulong)index, greedy.Holder, bench.Pool))];
        ConnectionReceiver modest = bench.Connect();

        bench.Turn();

        Assert.Equal(ReceiveObstacles.Pressure, greedy.Obstacles);
        Assert.Equal((uint)bench.Queue.BufferLength, Assert.Single(bench.Requests.Armed, armed => armed.Key == modest.ReceiveTag).Value);
        Assert.Equal(PoolPressureLevel.Exhausted, bench.Pool.Level);

        leases.ForEach(bench.Queue.Ledger.Release);
        bench.Turn();

        Assert.True(greedy.HasRequest);
        Assert.Equal(PoolPressureLevel.Normal, bench.Pool.Level);
    }

    [Fact]
    public void Starved_connections_resume_in_their_order_and_no_more_of_them_than_buffers_are_free()
    {
        using ReceiveBench bench = new(Buffers);
        ConnectionReceiver holder = bench.Connect();
        ConnectionReceiver[] starved = [.. Enumerable.Range(0, 3).Select(_ => bench.Connect())];
        bench.Turn();
        // No buffer is free: all are leased, or are on their way to the kernel.
        List<int> leases = [.. Enumerable.Range(0, Buffers - bench.Pool.Reserve).Select(index => bench.Queue.Lease((ulong)index, holder.Holder, bench.Pool))];
        bench.Queue.ConsumedPerFlush = 0;
        for (int i = 0; i < bench.Pool.Reserve; i++)
        {
            bench.Pool.Return((ulong)(Buffers + i));
        }

        Array.ForEach(starved, connection => bench.End(connection, -Errno.ENOMEM));
        Assert.All(starved, static connection => Assert.True(connection.Has(ReceiveObstacles.Starved)));

        bench.Queue.ConsumedPerFlush = 1;
        bench.Queue.Flush();
        bench.Queue.ConsumedPerFlush = 0;
        bench.Turn();

        Assert.Equal([true, false, false], starved.Select(static connection => connection.HasRequest));
        leases.ForEach(bench.Queue.Ledger.Release);
    }

    [Fact]
    public void Connection_over_its_quota_is_paused_under_pressure_and_the_others_are_not()
    {
        using ReceiveBench bench = new(Buffers);
        ConnectionReceiver greedy = bench.Connect();
        ConnectionReceiver modest = bench.Connect();
        bench.Turn();
        List<int> leases = [.. Enumerable.Range(0, 26).Select(index => bench.Queue.Lease((ulong)index, greedy.Holder, bench.Pool))];

        bench.Receive(greedy, 1);
        bench.Receive(modest, 1);

        Assert.True(greedy.Has(ReceiveObstacles.Pressure));
        Assert.False(modest.Has(ReceiveObstacles.Pressure));
        Assert.Contains(greedy.ReceiveTag, bench.Requests.Cancelled);
        leases.ForEach(bench.Queue.Ledger.Release);
    }

    [Fact]
    public void Foreign_memory_ends_the_stream_without_a_rescuer_and_strands_the_connection_with_one()
    {
        using ReceiveBench bench = new(Buffers, isOnNic: true);
        ConnectionReceiver lost = bench.Connect();
        ConnectionReceiver rescued = bench.Connect();
        bench.Turn();
        bench.End(lost, -Errno.EFAULT);
        Assert.Equal(Errno.EFAULT, lost.EndError!.ErrorNumber);

        Rescuer rescuer = new();
        bench.Scheduler.Rescuer = rescuer;
        rescued.BytesReceived = 77;
        bench.End(rescued, -Errno.EFAULT);
        Assert.Equal([(rescued, 77L)], rescuer.Stranded);
        Assert.Equal(ReceiveObstacles.Stranded, rescued.Obstacles);

        bench.Scheduler.FailStranded(rescued);
        Assert.Equal(Errno.EFAULT, rescued.EndError!.ErrorNumber);
        Assert.True(((MemorySocket)rescued.Socket).WasReset);
        Assert.False(bench.Scheduler.IsHere(rescued));
    }

    [Theory]
    [InlineData(-Errno.EMFILE, true)]
    [InlineData(-Errno.EIO, true)]
    [InlineData(0, false)]
    public void Peer_of_a_stream_that_ends_with_an_error_is_reset_and_that_of_a_whole_stream_is_not(int result, bool isReset)
    {
        using ReceiveBench bench = new(Buffers);
        ConnectionReceiver connection = bench.Connect();
        bench.Turn();

        bench.End(connection, result);

        MemorySocket socket = (MemorySocket)connection.Socket;
        Assert.True(socket.IsClosed);
        Assert.Equal(isReset, socket.WasReset);
    }

    [Fact]
    public void Close_waits_for_the_receive_and_frees_the_slot()
    {
        using ReceiveBench bench = new(Buffers);
        ConnectionReceiver connection = bench.Connect();
        bench.Turn();
        connection.Control.RequestClose(abort: false, "a test");
        bench.Turn();
        Assert.False(((MemorySocket)connection.Socket).IsClosed);

        bench.EndCancelled();

        Assert.True(((MemorySocket)connection.Socket).IsClosed);
        Assert.Equal(0, bench.Table.Count);
        Assert.Empty(bench.Requests.Polls);
    }

    [Fact]
    public void Poll_of_a_socket_has_ended_before_the_socket_is_closed()
    {
        using ReceiveBench bench = new(Buffers);
        ConnectionReceiver connection = bench.Connect();
        connection.Control.Pause();
        bench.Turn();
        Assert.Single(bench.Requests.Polls);
        MemorySocket socket = (MemorySocket)connection.Socket;
        int polls = -1;
        socket.Closing = () => polls = bench.Requests.Polls.Count + bench.Requests.Unsubmitted.Count;

        connection.Control.RequestClose(abort: false, "a test");
        bench.Turn();

        Assert.True(socket.IsClosed);
        Assert.Equal(0, polls);
    }

    [Fact]
    public void Connection_without_a_receive_is_watched_for_its_end()
    {
        using ReceiveBench bench = new(Buffers);
        ConnectionReceiver connection = bench.Connect();
        connection.Control.Pause();
        bench.Turn();
        Assert.Contains(connection.Tag(RequestKind.HangUp), bench.Requests.Polls);
        Assert.Empty(bench.Requests.Receives);
    }

    private static void Play(ReceiveBench bench, ConnectionReceiver connection, List<int> leases, int step)
    {
        if (!bench.Scheduler.IsHere(connection))
        {
            return;
        }

        switch (step)
        {
            case 0:
                connection.Control.Pause();
                break;
            case 1:
                connection.Control.Resume();
                break;
            case 2 when connection.HasRequest:
                bench.End(connection, -Errno.ENOMEM);
                break;
            case 3 when connection.HasRequest:
                bench.End(connection, -Errno.ENOSPC);
                break;
            case 4 when leases.Count > 0:
                bench.Queue.Ledger.Release(leases[^1]);
                leases.RemoveAt(leases.Count - 1);
                break;
            case 5 when connection.HasRequest:
                connection.Control.RequestClose(abort: true, "a test");
                break;
            case >= 6 when connection.HasRequest && bench.Pool.Free > 0:
                leases.Add(bench.Queue.Lease((ulong)bench.Queue.Consumed.Count, connection.Holder, bench.Pool));
                bench.Receive(connection, bench.Queue.BufferLength);
                break;
            default:
                break;
        }
    }

    private sealed class Rescuer : IStrandedConnections
    {
        public List<(ConnectionReceiver, long)> Stranded { get; } = [];

        public void OnStranded(ConnectionReceiver connection, long position) => Stranded.Add((connection, position));
    }
}
