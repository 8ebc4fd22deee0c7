using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Reactive.Concurrency;
using System.Reactive.Disposables;
using System.Reactive.Linq;
using System.Text;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Framing;

/// <summary>
/// Tests operators on frames. Those that leave the ring thread lease frames within a bound. Those that keep borrowed frames never expose
/// the bytes of another frame.
/// </summary>
[Collection(SocketsCollection.Name)]
public class FrameOperatorTests : IClassFixture<ResourceCheck>
{
    private const int FrameLength = 12;
    private const int FramesPerConnection = 5000;

#pragma warning disable ZCRX0001 // The tests use these operators wrongly on purpose.
    /// <summary>Operators of Rx that keep frames or move them to another thread. Each entry passes the frames to a check.</summary>
    private static readonly Dictionary<string, Func<IObservable<ReceivedFrame>, Action<Func<byte[]>>, IDisposable>> Keepers = new(StringComparer.Ordinal)
    {
        ["Delay"] = static (frames, check) => frames.Delay(TimeSpan.FromMilliseconds(5)).Subscribe(frame => check(frame.ToArray), static _ => { }),
        ["ObserveOn"] = static (frames, check) => frames.ObserveOn(TaskPoolScheduler.Default).Subscribe(lease => check(lease.ToArray), static _ => { }),
        ["Buffer"] = static (frames, check) => frames.Buffer(4).Subscribe(four => four.ToList().ForEach(frame => check(frame.ToArray)), static _ => { }),
        ["Sample"] = static (frames, check) => frames.Sample(TimeSpan.FromMilliseconds(1)).Subscribe(frame => check(frame.ToArray), static _ => { }),
        ["GroupBy"] = static (frames, check) => frames.GroupBy(static frame => frame.Length).SelectMany(static group => group.Delay(TimeSpan.FromMilliseconds(1))).Subscribe(frame => check(frame.ToArray), static _ => { }),
        ["Process"] = static (frames, check) => frames.Process((lease, _) =>
        {
            check(lease.ToArray);
            return ValueTask.CompletedTask;
        }).Subscribe(static _ => { }, static _ => { }),
    };
#pragma warning restore ZCRX0001

    private static byte[] TenFrames() => [.. Enumerable.Range(0, 10).SelectMany(static i => new byte[] { 2, (byte)i, (byte)i })];

    public static TheoryData<string> KeeperNames => [.. Keepers.Keys];

    [Fact]
    public async Task End_of_the_source_follows_the_frames_that_wait()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            connection.Pause();
            using LeaseReader<FrameLease> frames = connection.Buffers.Take(1).Frames(LengthPrefix.UInt8, 100).ToChannel(maxQueued: 2);
            await peer.Socket.SendAsync(TenFrames());
            connection.Resume();
            await Deadline.UntilAsync(() => connection.BytesWaiting > 0, "frames wait");

            int count = 0;
            await foreach (FrameLease frame in frames.ReadAllAsync())
            {
                using (frame)
                {
                    Assert.Equal([(byte)count, (byte)count], frame.ToArray());
                    count++;
                }
            }

            Assert.Equal(10, count);
            connection.Abort();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Last_frame_without_a_delimiter_waits_while_its_connection_is_paused(bool isResumed)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ConcurrentQueue<string> events = new();
            // Take(1) completes the stream after the first buffer.
            using IDisposable subscription = connection.Buffers.Take(1)
                .Frames(Delimiter.LineFeed, 100, new FramingOptions { DeliversUnterminated = true })
                .Subscribe(
                    frame =>
                    {
                        events.Enqueue(Encoding.UTF8.GetString(frame.ToArray()));
                        connection.Pause();
                    },
                    error => events.Enqueue(error.GetType().Name),
                    () => events.Enqueue("end"));
            await peer.Socket.SendAsync("first\nlast"u8.ToArray());
            await Deadline.UntilAsync(() => connection.BytesWaiting == "last".Length, "the last frame waits");
            Assert.Equal(["first"], events);
            if (isResumed)
            {
                connection.Resume();
                await Deadline.UntilAsync(() => events.Count == 3, "the last frame and the end arrive");
            }

            connection.Abort();
            await connection.Closed.Within("the connection closes");
            Assert.Equal(isResumed ? ["first", "last", "end"] : ["first", nameof(ZcrxStreamException)], events);
        }
    }

    [Fact]
    public async Task Peer_that_ends_inside_a_frame_receives_the_answers_to_its_earlier_frames_before_the_reset()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            TaskCompletionSource ended = new();
            TaskCompletionSource release = new();
            Task processed = connection.Buffers.Frames(Delimiter.LineFeed, 100).Do(static _ => { }, _ => ended.TrySetResult()).ProcessAsync(
                async (frame, token) =>
                {
                    await release.Task;
                    await connection.SendAsync("answer\n"u8.ToArray(), token);
                },
                maxQueued: 4);
            await peer.Socket.SendAsync("first\nsecond\nhalf"u8.ToArray());
            peer.EndSending();
            await ended.Task.Within("the frames end");
            release.SetResult();

            byte[] answers = new byte[14];
            int received = 0;
            while (received < answers.Length)
            {
                received += await peer.Socket.ReceiveAsync(answers.AsMemory(received)).AsTask().Within("both answers arrive");
            }

            Assert.Equal("answer\nanswer\n", Encoding.UTF8.GetString(answers));
            await Assert.ThrowsAsync<ZcrxFramingException>(() => processed.Within("the processing ends"));
            Assert.True(await peer.IsResetAsync(), "the peer must not take its last bytes for handled");
        }
    }

    [Fact]
    public async Task Peer_whose_bytes_are_refused_while_Subscribe_runs_on_another_thread_is_reset()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using ManualResetEventSlim refused = new();
            IObservable<ReceivedBuffer> source = Observable.Create<ReceivedBuffer>(observer =>
            {
                IDisposable subscription = connection.Buffers.Subscribe(observer);
                Assert.True(refused.Wait(Deadline.Limit), "the frames fail before Subscribe returns");
                return subscription;
            });
            await peer.Socket.SendAsync("a line that is too long\n"u8.ToArray());
            peer.EndSending();

            using IDisposable frames = source.Frames(Delimiter.LineFeed, 10).Subscribe(static _ => { }, _ => refused.Set());

            await connection.Closed.Within("the connection closes");
            Assert.True(await peer.IsResetAsync(), "the peer must not take its bytes for handled");
        }
    }

    [Theory]
    [InlineData(ConsumerFailureAction.Reset, "half", true)]
    [InlineData(ConsumerFailureAction.Reset, "whole\nhalf", true)]
    [InlineData(ConsumerFailureAction.Close, "half", false)]
    [InlineData(ConsumerFailureAction.Reset, "whole\n", false)]
    public async Task Peer_that_ends_inside_a_frame_is_reset_unless_failed_consumers_close_in_order(ConsumerFailureAction action, string sent, bool isReset)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: options => options with { WhenConsumerFails = action });
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            TaskCompletionSource<Exception?> ended = new();
            using IDisposable subscription = connection.Buffers.Frames(Delimiter.LineFeed, 100).Subscribe(static _ => { }, ended.SetResult, () => ended.SetResult(null));

            await peer.Socket.SendAsync(Encoding.UTF8.GetBytes(sent));
            peer.EndSending();

            Exception? end = await ended.Task.Within("the frames end");
            Assert.Equal(sent.EndsWith('\n'), end is null);
            await connection.Closed.Within("the connection closes");
            Exception? closed = await Record.ExceptionAsync(() => peer.Socket.ReceiveAsync(new byte[1]).Within("the peer notices the end"));
            Assert.Equal(isReset ? SocketError.ConnectionReset : null, (closed as SocketException)?.SocketErrorCode);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Observer_that_fails_on_the_last_frame_does_not_take_it_from_another_observer(bool isUnterminated)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            ConcurrentQueue<string> events = new();
            FramingOptions options = new() { DeliversUnterminated = true };
            using IDisposable failing = connection.Buffers.Frames(Delimiter.LineFeed, 100, options)
                .Subscribe(static frame => _ = frame.Length == 4 ? throw new InvalidOperationException("fails on the last frame") : 0, static _ => { });
            using IDisposable other = connection.Buffers.Frames(Delimiter.LineFeed, 100, options)
                .Subscribe(frame => events.Enqueue(Encoding.UTF8.GetString(frame.ToArray())), error => events.Enqueue(error.GetType().Name), () => events.Enqueue("end"));

            await peer.Socket.SendAsync(isUnterminated ? "first\nlast"u8.ToArray() : "first\nlast\n"u8.ToArray());
            peer.EndSending();

            await connection.Closed.Within("the connection closes");
            await Deadline.UntilAsync(() => events.Count >= 3, () => $"the other observer receives both frames and the end, not {string.Join(", ", events)}");
            Assert.Equal(["first", "last", "end"], events);
        }
    }

    [Fact]
    public async Task Error_of_a_last_frame_that_waits_is_reported_if_its_observer_has_no_error_handler()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        ConcurrentQueue<ConsumerFault> faults = new();
        using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using IDisposable subscription = connection.Buffers
                .Do(static _ => { }, connection.Pause)
                .Frames(Delimiter.LineFeed, 100, new FramingOptions { DeliversUnterminated = true })
                .Subscribe(static _ => { });
            await peer.Socket.SendAsync("last"u8.ToArray());
            peer.EndSending();
            await Deadline.UntilAsync(() => connection.BytesWaiting == "last".Length, "the last frame waits behind the end of the stream");

            connection.Abort();

            await connection.Closed.Within("the connection closes");
            await Deadline.UntilAsync(() => !faults.IsEmpty, "the error is reported");
            Assert.IsType<ZcrxStreamException>(Assert.Single(faults).Exception);
        }

        (Peer other, ZcrxConnection next) = await queue.ConnectAsync();
        using (other)
        {
            Recorder recorder = new(other.Stream);
            using IDisposable subscription = next.Buffers.Subscribe(recorder);
            await other.SendAsync(1);
            await recorder.ReachAsync(1);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connection_closes_when_its_consumer_unsubscribes_while_the_last_frame_waits(bool isDirect)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            IDisposable? hold = null;
            void Hold() => hold = connection.Hold();
            // This observer holds the connection at the end of the stream, before the framing operator is notified of the end.
            using IDisposable first = isDirect ? connection.Buffers.Subscribe(static _ => { }, Hold) : Disposable.Empty;
            IDisposable subscription = (isDirect ? connection.Buffers : connection.Buffers.Do(static _ => { }, Hold))
                .Frames(Delimiter.LineFeed, 100, new FramingOptions { DeliversUnterminated = true })
                .Subscribe(static _ => { }, static _ => { });
            await peer.Socket.SendAsync("last"u8.ToArray());
            peer.EndSending();
            await Deadline.UntilAsync(() => connection.BytesWaiting == "last".Length, "the last frame waits");
            // After this query, the turn in which the stream ended is over.
            await queue.Queue.GetConnectionsAsync();

            subscription.Dispose();

            await connection.Closed.Within("the connection closes");
            hold!.Dispose();
        }
    }

    [Fact]
    public async Task Detached_connection_contains_the_bytes_of_waiting_frames()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            using LeaseReader<FrameLease> frames = connection.Buffers.Frames(LengthPrefix.UInt8, 100).ToChannel(maxQueued: 2);
            byte[] sent = TenFrames();
            await peer.Socket.SendAsync(sent);
            await Deadline.UntilAsync(() => connection.BytesWaiting == sent.Length - 6, "frames wait");

            DetachedConnection detached = Assert.IsType<DetachedConnection>(await connection.DetachAsync().Within("the connection is detached"));

            using (detached.Socket)
            {
                Assert.Equal(sent[6..], detached.Unread.ToArray());
                Assert.Equal(sent.Length, detached.StreamOffset);
            }
        }
    }

    [Theory]
    [MemberData(nameof(KeeperNames))]
    public async Task Operator_that_keeps_frames_reads_their_own_bytes_or_throws(string keeper)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 32, configure: static options => options with { CheckBorrows = false });
        ConcurrentQueue<string> foreign = new();
        int right = 0;
        int refused = 0;
        List<Task> peers = [];
        for (int i = 1; i <= 2; i++)
        {
            int id = i;
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            // The subscription is not disposed here. Its operators end with the connection.
            _ = Keepers[keeper](connection.Buffers.Frames(LengthPrefix.UInt8, 100), read =>
            {
                try
                {
                    byte[] bytes = read();
                    if (bytes.Length == FrameLength && BinaryPrimitives.ReadInt32LittleEndian(bytes) == id)
                    {
                        Interlocked.Increment(ref right);
                    }
                    else
                    {
                        foreign.Enqueue(Convert.ToHexString(bytes));
                    }
                }
                catch (Exception exception) when (exception is ObjectDisposedException or InvalidOperationException)
                {
                    Interlocked.Increment(ref refused);
                }
            });
            peers.Add(Task.Run(async () =>
            {
                using (peer)
                {
                    await peer.Socket.SendAsync(Stream(id, FramesPerConnection));
                    peer.EndSending();
                    await connection.Finished.Within("the connection ends");
                }
            }));
        }

        await Task.WhenAll(peers);
        bool isExact = keeper is "ObserveOn" or "Process";
        await Deadline.UntilAsync(() => right + refused >= (isExact ? 2 * FramesPerConnection : 1), () => $"frames arrive: {right} right, {refused} refused");
        Assert.Empty(foreign);
        Assert.Equal(isExact ? 2 * FramesPerConnection : 0, isExact ? right : 0);
    }

    [Theory]
    [InlineData("Delay")]
    [InlineData("Buffer")]
    [InlineData("Sample")]
    [InlineData("GroupBy")]
    public async Task Operator_that_keeps_buffers_reads_their_own_bytes_or_throws(string keeper)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8, configure: static options => options with { CheckBorrows = false });
        int seen = 0;
        int wrong = 0;
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            void Check(ReceivedBuffer buffer)
            {
                Interlocked.Increment(ref seen);
                try
                {
                    ReadOnlySpan<byte> span = buffer.Span;
                    _ = span.Length;
                    Interlocked.Add(ref wrong, buffer.IsValid ? 0 : 1);
                }
                catch (Exception exception) when (exception is ObjectDisposedException or InvalidOperationException)
                {
                    // The operator throws, as the test expects.
                }
            }

#pragma warning disable ZCRX0001 // The test uses this operator wrongly on purpose.
            IObservable<ReceivedBuffer> buffers = connection.Buffers;
            using IDisposable subscription = keeper switch
            {
                "Delay" => buffers.Delay(TimeSpan.FromMilliseconds(2)).Subscribe(Check, static _ => { }),
                "Buffer" => buffers.Buffer(4).Subscribe(four => four.Take(four.Count - 1).ToList().ForEach(Check), static _ => { }),
                "Sample" => buffers.Sample(TimeSpan.FromMilliseconds(1)).Subscribe(Check, static _ => { }),
                _ => buffers.GroupBy(static buffer => buffer.Length).SelectMany(static group => group.Delay(TimeSpan.FromMilliseconds(1))).Subscribe(Check, static _ => { }),
            };
#pragma warning restore ZCRX0001
            await peer.SendAllAsync(1_000_000);
            await connection.Closed.Within("the connection closes");
            await Deadline.UntilAsync(() => seen > 0, "buffers arrive");
            Assert.Equal(0, wrong);
        }
    }

    [Theory]
    [InlineData(16, long.MaxValue, 16)]
    [InlineData(1, long.MaxValue, 1)]
    [InlineData(1000, 5 * FrameLength, 5)]
    [InlineData(1000, (5 * FrameLength) - 1, 4)]
    [InlineData(1000, 1, 1)]
    public async Task Bounds_in_frames_and_bytes_are_exact_and_the_rest_waits(int maxQueued, long maxQueuedBytes, int most)
    {
        const int Count = 3000;
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            int delivered = 0;
            List<int> handled = [];
            SemaphoreSlim gate = new(0);
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using IDisposable subscription = connection.Buffers
                .Frames(LengthPrefix.UInt8, 100)
                .Do(_ => Interlocked.Increment(ref delivered))
                .Process(
                    async (lease, token) =>
                    {
                        await gate.WaitAsync(token);
                        handled.Add(BinaryPrimitives.ReadInt32LittleEndian(lease.ToArray().AsSpan(4)));
                    },
                    maxQueued: maxQueued,
                    maxQueuedBytes: maxQueuedBytes)
                .Subscribe(static _ => { }, ended.SetException, ended.SetResult);
            await peer.Socket.SendAsync(Stream(1, Count));
            peer.EndSending();
            await Deadline.UntilAsync(() => connection.BytesWaiting > 0, "frames wait");
            // The worker may have taken one frame before the bound was reached. That frame is allowed in addition.
            for (int released = 0; released < 100; released++)
            {
                Assert.InRange(Volatile.Read(ref delivered) - released, 0, most + 1);
                gate.Release();
                await Deadline.UntilAsync(() => handled.Count == released + 1, "the next frame is handled");
            }

            gate.Release(Count);
            await ended.Task.Within("all frames are handled");
            Assert.Equal(Enumerable.Range(0, Count), handled);
            Assert.Equal(0, connection.BytesWaiting);
        }
    }

    [Fact]
    public async Task Hold_inside_OnNext_stops_frames_in_the_middle_of_a_buffer()
    {
        const int Count = 500;
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            IDisposable? hold = null;
            int frames = 0;
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using IDisposable subscription = connection.Buffers.Frames(LengthPrefix.UInt8, 100).Subscribe(
                _ =>
                {
                    Volatile.Write(ref hold, connection.Hold());
                    Interlocked.Increment(ref frames);
                },
                ended.SetException,
                ended.SetResult);
            await peer.Socket.SendAsync(Stream(1, Count));
            peer.EndSending();
            for (int i = 1; i <= Count; i++)
            {
                await Deadline.UntilAsync(() => Volatile.Read(ref frames) >= i, "the next frame arrives");
                await queue.Queue.GetConnectionsAsync();
                Assert.Equal(i, Volatile.Read(ref frames));
                Assert.False(ended.Task.IsCompleted);
                Volatile.Read(ref hold)!.Dispose();
            }

            await ended.Task.Within("the stream ends");
        }
    }

    [Fact]
    public async Task Frames_that_wait_do_not_keep_a_connection_whose_consumer_has_unsubscribed()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            IDisposable? kept = null;
            IDisposable subscription = connection.Buffers.Frames(LengthPrefix.UInt8, 100).Subscribe(_ => kept ??= connection.Hold());
            await peer.Socket.SendAsync(Stream(1, 100));
            await Deadline.UntilAsync(() => connection.BytesWaiting > 0, "frames wait");
            subscription.Dispose();
            peer.EndSending();
            await connection.Closed.Within("the connection closes");
            kept!.Dispose();
        }
    }

    [Fact]
    public async Task Observer_that_throws_when_frames_continue_ends_its_connection()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        ConcurrentQueue<ConsumerFault> faults = new();
        using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            IDisposable? hold = null;
            int frames = 0;
            using IDisposable subscription = connection.Buffers.Frames(LengthPrefix.UInt8, 100).Subscribe(_ =>
            {
                if (++frames == 2)
                {
                    throw new InvalidOperationException("on purpose");
                }

                Volatile.Write(ref hold, connection.Hold());
            });
            await peer.Socket.SendAsync(Stream(1, 3));
            await Deadline.UntilAsync(() => connection.BytesWaiting > 0, "frames wait");
            Volatile.Read(ref hold)!.Dispose();
            Assert.True(await peer.IsResetAsync());
            await connection.Closed.Within("the connection closes");
            await Deadline.UntilAsync(() => !faults.IsEmpty, "the failure is reported");
            Assert.Equal("on purpose", Assert.Single(faults).Exception.Message);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sequences_and_channels_of_frames_are_complete_and_in_order(bool isChannel)
    {
        const int Count = 5000;
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Task sending = Task.Run(async () =>
            {
                await peer.Socket.SendAsync(Stream(1, Count));
                peer.EndSending();
            });
            IObservable<ReceivedFrame> frames = connection.Buffers.Frames(LengthPrefix.UInt8, 100);
            List<int> numbers = [];
            if (isChannel)
            {
                using LeaseReader<FrameLease> reader = frames.ToChannel(maxQueued: 8);
                await foreach (FrameLease lease in reader.ReadAllAsync())
                {
                    using (lease)
                    {
                        numbers.Add(BinaryPrimitives.ReadInt32LittleEndian(lease.ToArray().AsSpan(4)));
                    }
                }
            }
            else
            {
                await foreach (FrameLease lease in frames.ToAsyncEnumerable(maxQueued: 8))
                {
                    numbers.Add(BinaryPrimitives.ReadInt32LittleEndian(lease.ToArray().AsSpan(4)));
                }
            }

            await sending.Within("everything is sent");
            Assert.Equal(Enumerable.Range(0, Count), numbers);
            await connection.Closed.Within("the connection closes");
        }
    }

    /// <summary>Returns frames that contain the number of their connection and their own number.</summary>
    private static byte[] Stream(int connection, int count)
    {
        byte[] stream = new byte[count * (FrameLength + 1)];
        for (int i = 0; i < count; i++)
        {
            Span<byte> frame = stream.AsSpan(i * (FrameLength + 1), FrameLength + 1);
            frame[0] = FrameLength;
            BinaryPrimitives.WriteInt32LittleEndian(frame[1..], connection);
            BinaryPrimitives.WriteInt32LittleEndian(frame[5..], i);
        }

        return stream;
    }
}
