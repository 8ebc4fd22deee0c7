using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Tests.Support;
using Zcrx.Rx.Tests.Support.Rooms;

namespace Zcrx.Rx.Tests.Receiving;

/// <summary>Tests delivery without a kernel. The test writes the completions and takes the role of the consumers.</summary>
public class DeliveryInMemoryTests
{
    private const int Connections = 3;

    private static readonly Gen<(int[] Batch, int[] Actions)> Turns =
        from batch in Gen.Choose(0, Connections - 1).ArrayOf(12)
        from actions in Gen.Choose(0, 9).ArrayOf(12)
        select (batch, actions);

    [Fact]
    public void Every_byte_is_delivered_once_and_every_buffer_returns_once() => Prop
        .ForAll(Turns.ListOf(20).ToArbitrary(), static turns =>
        {
            using QueueBench bench = new(16);
            Stack<BufferLease> leases = new();
            Queue<int> actions = new();
            Consumer[] consumers = [.. Enumerable.Range(0, Connections).Select(stream => new Consumer(bench, stream, leases, actions))];
            foreach ((int[] batch, int[] next) in turns)
            {
                Array.ForEach(next, actions.Enqueue);
                bench.Receive([.. batch.Select(stream => consumers[stream].Connection).Where(bench.Scheduler.IsHere)]);
                actions.Clear();
                Array.ForEach(consumers, static consumer => consumer.Return());
                bench.Settle();
                bench.Refill();
            }

            while (leases.TryPop(out BufferLease? lease))
            {
                lease.Dispose();
            }

            Array.ForEach(consumers, static consumer => consumer.Return());
            bench.Settle();
            bench.Refill();
            Assert.Equal((16, 0), (bench.Free, bench.Queue.Ledger.Leased));
            Assert.All(consumers, static consumer => consumer.AssertComplete());
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public unsafe void Queue_that_is_abandoned_during_a_callback_delivers_to_no_other_connection()
    {
        using QueueBench bench = new();
        ConnectionReceiver first = bench.Connect(0, new Recorder(0) { Then = _ => bench.Turn.Abandon() });
        Recorder other = new(1);
        ConnectionReceiver second = bench.Connect(1, other);
        bench.Settle();
        Completion[] batch = [QueueBench.Completed(first.ReceiveTag, bench.TakeFree(), 10), QueueBench.Completed(second.ReceiveTag, bench.TakeFree(), 10)];

        bench.Turn.Begin(wasRingFull: false);
        fixed (Completion* completions = batch)
        {
            bench.Delivery.Deliver(completions, 2);
        }

        Assert.Equal((0L, 1u), (other.Buffers, bench.Turn.Handled));
    }

    [Fact]
    public void Completion_of_a_connection_that_has_left_returns_its_buffer()
    {
        using QueueBench bench = new();
        ConnectionReceiver connection = bench.Connect(0, new Recorder(0));
        ulong tag = connection.ReceiveTag;
        bench.Scheduler.Free(connection);

        bench.Deliver([QueueBench.Completed(tag, bench.TakeFree(), 10)]);
        bench.Refill();

        Assert.Equal((32, 0L), (bench.Free, connection.BytesReceived));
        Assert.Equal((1, 10), (bench.Context.Counters.Buffers, bench.Context.Counters.Bytes));
    }

    [Fact]
    public void Completion_outside_the_area_fails_the_ring_after_the_earlier_ones_were_delivered()
    {
        using QueueBench bench = new();
        Recorder recorder = new(0);
        ConnectionReceiver connection = bench.Connect(0, recorder);
        ulong first = bench.TakeFree();
        Completion[] batch = [QueueBench.Completed(connection.ReceiveTag, first, 1), QueueBench.Completed(connection.ReceiveTag, 1UL << 40, 1)];

        ZcrxException error = Assert.Throws<ZcrxException>(() => bench.Deliver(batch));

        Assert.Contains("corrupt", error.Message, StringComparison.Ordinal);
        Assert.True(bench.Turn.IsCorrupt);
        Assert.Equal((1L, 1u), (recorder.Bytes, bench.Turn.Handled));
    }

    [Fact]
    public void Consumer_that_throws_ends_its_own_stream_and_no_other()
    {
        using QueueBench bench = new();
        Recorder failing = new(0) { Then = static _ => throw new InvalidOperationException("a test") };
        Recorder other = new(1);
        ConnectionReceiver[] connections = [bench.Connect(0, failing), bench.Connect(1, other)];

        bench.Receive(connections[0], connections[1], connections[0], connections[1]);
        bench.Refill();

        Assert.IsType<InvalidOperationException>(failing.Error);
        Assert.True(connections[0].Control.CloseRequested);
        Assert.False(connections[1].Control.CloseRequested);
        Assert.Equal(2, other.Buffers);
        other.AssertIntact();
        // The second buffer of the failed connection stays undelivered until the connection ends.
        Assert.Equal((31, 1), (bench.Free, connections[0].Undelivered.Count));
    }

    [Fact]
    public void Buffers_of_changing_connections_belong_to_their_own_connection_which_is_the_one_whose_callback_runs()
    {
        using QueueBench bench = new();
        List<(object? Subject, IBufferSource Source)> seen = [];
        Stack<BufferLease> leases = new();
        Recorder[] recorders = [.. Enumerable.Range(0, 2).Select(stream => new Recorder(stream)
        {
            Then = buffer =>
            {
                seen.Add((bench.Context.Heartbeat.Subject, buffer.Source));
                if (seen.Count == 5)
                {
                    leases.Push(buffer.Retain());
                }
            },
        })];
        ConnectionReceiver[] connections = [bench.Connect(0, recorders[0]), bench.Connect(1, recorders[1])];
        ConnectionReceiver[] order = [.. new[] { 0, 1, 0, 1, 1, 0, 0, 1 }.Select(stream => connections[stream])];

        bench.Receive(order);

        Assert.Equal(order.Select(static connection => ((object?)connection, (IBufferSource)connection.Holder)), seen);
        Assert.Null(bench.Context.Heartbeat.Subject);
        Assert.Equal((0, 1), (connections[0].BuffersLeased, connections[1].BuffersLeased));
        Assert.Equal(connections.Sum(static connection => connection.BytesReceived), bench.Context.Counters.Bytes);
        leases.Pop().Dispose();
        bench.Settle();
        bench.Refill();
        Assert.Equal(32, bench.Free);
        Assert.All(recorders, static recorder => recorder.AssertIntact());
    }

    [Fact]
    public void Buffers_beyond_a_full_refill_queue_return_later_in_order()
    {
        using QueueBench bench = new(32, refillEntries: 4);
        Recorder recorder = new(0);
        ConnectionReceiver connection = bench.Connect(0, recorder);
        bench.Queue.ConsumedPerFlush = 1;

        bench.Receive([.. Enumerable.Repeat(connection, 20)]);
        Assert.True(bench.Pool.HasPending);
        bench.Queue.ConsumedPerFlush = int.MaxValue;
        bench.Refill();

        Assert.Equal(Enumerable.Range(0, 20).Select(buffer => (ulong)(buffer * bench.Queue.BufferLength)), bench.Queue.Consumed);
        Assert.Equal((32, 20L), (bench.Free, recorder.Buffers));
        recorder.AssertIntact();
    }

    [Fact]
    public void Consumer_that_pauses_in_the_middle_of_a_batch_receives_the_rest_when_it_resumes()
    {
        using QueueBench bench = new();
        ConnectionReceiver? connection = null;
        Recorder recorder = new(0) { Then = _ => connection!.Control.Pause() };
        connection = bench.Connect(0, recorder);

        bench.Receive(connection, connection, connection);

        Assert.Equal((1L, 2), (recorder.Buffers, connection.Undelivered.Count));
        Assert.Equal(recorder.End, connection.Delivered);
        for (int buffers = 2; buffers <= 3; buffers++)
        {
            connection.Control.Resume();
            bench.Prepare();
            Assert.Equal(buffers, recorder.Buffers);
        }

        recorder.AssertIntact();
        bench.Refill();
        Assert.Equal(32, bench.Free);
    }

    /// <summary>
    /// Represents a consumer of one connection that performs the given actions. <see cref="Return"/> resumes the connection, and subscribes
    /// if there is no subscription.
    /// </summary>
    private sealed class Consumer
    {
        private readonly List<Recorder> _recorders = [];
        private readonly int _stream;
        private readonly Stack<BufferLease> _leases;
        private readonly Queue<int> _actions;
        private IDisposable? _subscription;

        public Consumer(QueueBench bench, int stream, Stack<BufferLease> leases, Queue<int> actions)
        {
            _stream = stream;
            _leases = leases;
            _actions = actions;
            Connection = bench.Connect(stream);
            Return();
        }

        public ConnectionReceiver Connection { get; }

        public void Return()
        {
            Connection.Control.Resume();
            if (_subscription is null && !Connection.Control.CloseRequested)
            {
                _recorders.Add(new Recorder(_stream) { Then = Act });
                _subscription = Connection.Stream.Subscribe(_recorders[^1]);
            }
        }

        public void AssertComplete()
        {
            long position = 0;
            foreach (Recorder recorder in _recorders.Where(static recorder => recorder.Start >= 0))
            {
                recorder.AssertIntact();
                Assert.Equal(position, recorder.Start);
                position = recorder.End;
            }

            if (!Connection.Control.CloseRequested)
            {
                Assert.Equal(Connection.BytesReceived, position);
            }
        }

        private void Act(ReceivedBuffer buffer)
        {
            switch (_actions.TryDequeue(out int action) ? action : 0)
            {
                case 4 or 5:
                    _leases.Push(buffer.Retain());
                    break;
                case 6 when _leases.TryPop(out BufferLease? lease):
                    lease.Dispose();
                    break;
                case 7:
                    Connection.Control.Pause();
                    break;
                case 8:
                    _subscription?.Dispose();
                    _subscription = null;
                    break;
                case 9 when buffer.StreamOffset > 2_000:
                    throw new InvalidOperationException("a test");
                default:
                    break;
            }
        }
    }
}
