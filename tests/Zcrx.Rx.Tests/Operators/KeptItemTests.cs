using System.Globalization;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using System.Text;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Operators;

/// <summary>
/// Tests operators of Rx that keep borrowed items or use them on another thread. Each use must return the bytes of its own item, or throw.
/// </summary>
[Collection(SocketsCollection.Name)]
public class KeptItemTests : IClassFixture<ResourceCheck>
{
    private const int Connections = 4;
    private const int FramesEach = 2500;
    private const int FrameLength = 100;

    public static TheoryData<string, bool> Cases
    {
        get
        {
            TheoryData<string, bool> cases = [];
            foreach (string operation in (string[])["Delay", "ObserveOn", "Buffer", "Sample", "GroupBy", "GroupBy and Buffer"])
            {
                cases.Add(operation, false);
                cases.Add(operation, true);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Frame_that_an_operator_keeps_shows_its_own_bytes_or_throws(string operation, bool checksBorrows) => RunAsync<ReceivedFrame>(
        operation,
        checksBorrows,
        static connection => connection.Buffers.Frames(Delimiter.LineFeed with { IncludeDelimiter = true }, FrameLength).Select(static frame => new Item<ReceivedFrame>(frame.StreamOffset, (int)frame.Length, frame)),
        static frame => frame.ToArray());

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Buffer_that_an_operator_keeps_shows_its_own_bytes_or_throws(string operation, bool checksBorrows) => RunAsync<ReceivedBuffer>(
        operation,
        checksBorrows,
        static connection => connection.Buffers.Select(static buffer => new Item<ReceivedBuffer>(buffer.StreamOffset, buffer.Length, buffer)),
        static buffer => buffer.Span.ToArray());

    /// <summary>
    /// Tests memory that is taken from a valid item and read after its buffer was returned. Only a queue with CheckBorrows detects such a
    /// read.
    /// </summary>
    [Theory]
    [InlineData("Delay")]
    [InlineData("ObserveOn")]
    [InlineData("Buffer")]
    [InlineData("Sample")]
    [InlineData("GroupBy and Buffer")]
    public async Task Bytes_that_were_taken_from_an_item_in_time_are_its_own_or_throw_where_borrows_are_checked(string operation)
    {
        await RunAsync<System.Buffers.ReadOnlySequence<byte>>(
            operation,
            checksBorrows: true,
            static connection => connection.Buffers.Frames(Delimiter.LineFeed with { IncludeDelimiter = true }, FrameLength).Select(static frame => new Item<System.Buffers.ReadOnlySequence<byte>>(frame.StreamOffset, (int)frame.Length, frame.Sequence)),
            static sequence => System.Buffers.BuffersExtensions.ToArray(sequence));
        await RunAsync<ReadOnlyMemory<byte>>(
            operation,
            checksBorrows: true,
            static connection => connection.Buffers.Select(static buffer => new Item<ReadOnlyMemory<byte>>(buffer.StreamOffset, buffer.Length, buffer.Memory)),
            static memory => memory.ToArray());
    }

    private static async Task RunAsync<T>(string operation, bool checksBorrows, Func<ZcrxConnection, IObservable<Item<T>>> items, Func<T, byte[]> read)
    {
        // A small pool, so that each buffer is soon used for another connection.
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16, configure: options => options with { CheckBorrows = checksBorrows });
        Counts counts = new();
        List<Task> ends = [];
        List<Task> sending = [];
        List<Peer> peers = [];
        for (int i = 0; i < Connections; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            peers.Add(peer);
            byte[] sent = Stream(i);
            TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            ends.Add(ended.Task);
            _ = Apply(operation, items(connection).Do(_ => Interlocked.Increment(ref counts.Delivered))).Subscribe(
                item => Inspect(item, sent, read, counts), error => ended.TrySetException(error), () => ended.TrySetResult());
            sending.Add(SendAsync(peer, sent));
        }

        await Task.WhenAll(sending).Within("everything is sent");
        await Task.WhenAll(ends).Within("the streams end");
        peers.ForEach(static peer => peer.Dispose());
        Assert.Equal(0, counts.Wrong);
        Assert.True(counts.Delivered >= (typeof(T) == typeof(ReceivedFrame) ? Connections * FramesEach : Connections), $"{counts.Delivered} items");
        if (operation == "Sample")
        {
            Assert.InRange(counts.Right + counts.Refused, 1, counts.Delivered);
        }
        else
        {
            Assert.Equal(counts.Delivered, counts.Right + counts.Refused);
        }

        if (operation == "GroupBy")
        {
            // GroupBy passes each item on inside its own OnNext, while the item is still valid.
            Assert.Equal(0, counts.Refused);
        }
        else
        {
            Assert.NotEqual(0, counts.Refused);
        }
    }

    private static IObservable<Item<T>> Apply<T>(string operation, IObservable<Item<T>> items) => operation switch
    {
        "Delay" => items.Delay(TimeSpan.FromMilliseconds(1), TaskPoolScheduler.Default),
        "ObserveOn" => items.ObserveOn(TaskPoolScheduler.Default),
        "Buffer" => items.Buffer(4).SelectMany(static list => list),
        "Sample" => items.Sample(TimeSpan.FromMilliseconds(1), TaskPoolScheduler.Default),
        "GroupBy" => items.GroupBy(static item => item.Offset % 3).SelectMany(static group => group),
        "GroupBy and Buffer" => items.GroupBy(static item => item.Offset % 3).SelectMany(static group => group.Buffer(4)).SelectMany(static list => list),
        _ => throw new ArgumentOutOfRangeException(nameof(operation)),
    };

    private static void Inspect<T>(Item<T> item, byte[] sent, Func<T, byte[]> read, Counts counts)
    {
        try
        {
            bool isRight = read(item.Value).AsSpan().SequenceEqual(sent.AsSpan((int)item.Offset, item.Length));
            Interlocked.Increment(ref isRight ? ref counts.Right : ref counts.Wrong);
        }
        catch (Exception exception) when (exception is ObjectDisposedException or InvalidOperationException)
        {
            Interlocked.Increment(ref counts.Refused);
        }
    }

    private static async Task SendAsync(Peer peer, byte[] bytes)
    {
        // Sends in pieces, so that buffers of different connections alternate.
        for (int at = 0; at < bytes.Length; at += 1000)
        {
            await peer.Socket.SendAsync(bytes.AsMemory(at, int.Min(1000, bytes.Length - at)));
            await Task.Yield();
        }

        peer.EndSending();
    }

    private static byte[] Stream(int connection)
    {
        StringBuilder text = new();
        for (int i = 0; i < FramesEach; i++)
        {
            string start = string.Create(CultureInfo.InvariantCulture, $"{connection} {i:D6} ");
            text.Append(start).Append((char)('a' + connection), FrameLength - start.Length - 1).Append('\n');
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private readonly record struct Item<T>(long Offset, int Length, T Value);

    private sealed class Counts
    {
        public int Delivered;
        public int Right;
        public int Wrong;
        public int Refused;
    }
}
