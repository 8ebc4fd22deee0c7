using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using Akka.IO;
using Akka.Streams.Dsl;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.AkkaStreams;

/// <summary>Tests elements that a selector creates from borrowed buffers and frames.</summary>
public class MappedElementTests
{
    private const int Frames = 10_000;

    [Fact]
    public async Task Every_frame_becomes_one_element_in_order()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync();
        using var _ = client;
        var (send, numbers) = Source.Maybe<ByteString>().ViaMaterialized(Numbers(connection), Keep.Left).ToMaterialized(Sink.Seq<int>(), Keep.Both).Run(bench.Materializer);

        await client.SendAsync(Numbered(Frames)).WithinLimit();
        client.Shutdown(SocketShutdown.Send);

        Assert.Equal(Enumerable.Range(0, Frames), await numbers.WithinLimit());
        send.SetResult(ByteString.Empty);
        Assert.Empty(await StreamBench.ReadAllAsync(client));
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Frames_without_demand_hold_the_connection_within_one_buffer()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync(halfClose: true);
        using var _ = client;
        int made = 0;
        var flow = connection.MapFrames(
            static buffers => buffers.Frames(LengthPrefix.UInt32BigEndian, 1024),
            frame =>
            {
                Interlocked.Increment(ref made);
                return Number(frame);
            });
        var (_, receive) = bench.Probes(flow);
        await receive.EnsureSubscriptionAsync();

        await client.SendAsync(Numbered(Frames)).WithinLimit();
        client.Shutdown(SocketShutdown.Send);
        await bench.Host.Kit.AwaitConditionAsync(() => Volatile.Read(ref made) == 16, "the elements that may wait are made");
        await receive.ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));
        Assert.Equal(16, Volatile.Read(ref made));

        for (int i = 0; i < Frames; i++)
        {
            receive.Request(1);
            Assert.Equal(i, await receive.ExpectNextAsync());
        }

        await receive.ExpectCompleteAsync();
    }

    [Fact]
    public async Task Selector_that_throws_fails_the_flow_and_resets_the_connection()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync();
        using var _ = client;
        var (_, receive) = bench.Probes(connection.MapBuffers<int>(static _ => throw new InvalidOperationException("no such number")));
        receive.Request(1);

        await client.SendAsync(new byte[1]);

        Assert.Contains("no such number", (await receive.ExpectErrorAsync()).Message, StringComparison.Ordinal);
        await StreamBench.AssertResetAsync(client);
        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Frame_that_is_too_long_fails_the_flow_and_resets_the_connection()
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync();
        using var _ = client;
        var (_, receive) = bench.Probes(Numbers(connection));
        receive.Request(1);

        await client.SendAsync(new byte[] { 0xff, 0xff, 0xff, 0xff });

        Assert.IsType<ZcrxFramingException>((await receive.ExpectErrorAsync()).InnerException);
        await StreamBench.AssertResetAsync(client);
    }

    [Theory]
    [InlineData("take")]
    [InlineData("failure")]
    [InlineData("cancellation")]
    public async Task Stream_that_ends_early_leaves_no_lease_and_no_connection(string how)
    {
        await using var bench = await StreamBench.StartAsync();
        var (connection, client) = await bench.AcceptAsync();
        using var _ = client;
        var (send, numbers) = TestSources(bench, connection, how);
        await client.SendAsync(Numbered(Frames)).WithinLimit();

        await Record.ExceptionAsync(() => numbers.WithinLimit());
        send.TrySetResult(ByteString.Empty);

        await bench.AssertIdleAsync();
    }

    [Fact]
    public async Task Frames_and_buffers_of_a_server_become_elements()
    {
        await using var bench = await StreamBench.StartAsync();
        byte[] bytes = Numbered(Frames);
        var binding = await bench.Zcrx.BindAndHandle(Flow.Create<ByteString>(), bench.Materializer, StreamBench.Loopback, 0, halfClose: true).WithinLimit();
        var request = Source.From(bytes.Chunk(1000).Select(ByteString.FromBytes));

        var numbers = request
            .Via(bench.Zcrx.OutgoingFrames(binding.LocalAddress, static buffers => buffers.Frames(LengthPrefix.UInt32BigEndian, 1024), Number))
            .RunWith(Sink.Seq<int>(), bench.Materializer);
        var lengths = request
            .Via(bench.Zcrx.OutgoingBuffers(binding.LocalAddress, static buffer => buffer.Length))
            .RunWith(Sink.Sum<int>(static (sum, next) => sum + next), bench.Materializer);

        Assert.Equal(Enumerable.Range(0, Frames), await numbers.WithinLimit());
        Assert.Equal(bytes.Length, await lengths.WithinLimit());
        await bench.AssertIdleAsync();
    }

    [Theory]
    [InlineData("take")]
    [InlineData("failure")]
    [InlineData("cancellation")]
    public async Task Stream_from_a_server_that_ends_early_leaves_no_lease_and_no_connection(string how)
    {
        await using var bench = await StreamBench.StartAsync();
        var binding = await bench.Zcrx.BindAndHandle(Flow.Create<ByteString>(), bench.Materializer, StreamBench.Loopback, 0, halfClose: true).WithinLimit();
        var numbers = Source.Single(ByteString.FromBytes(Numbered(Frames))).ConcatMaterialized(Source.Maybe<ByteString>(), Keep.Right)
            .ViaMaterialized(bench.Zcrx.OutgoingFrames(binding.LocalAddress, static buffers => buffers.Frames(LengthPrefix.UInt32BigEndian, 1024), Number), Keep.Left);

        var (send, done) = Ending(numbers, how).ToMaterialized(Sink.Ignore<int>(), Keep.Both).Run(bench.Materializer);
        await Record.ExceptionAsync(() => done.WithinLimit());
        send.TrySetResult(ByteString.Empty);

        await bench.AssertIdleAsync();
    }

    private static (TaskCompletionSource<ByteString> Send, Task Done) TestSources(StreamBench bench, ZcrxIncomingConnection connection, string how)
    {
        var numbers = Source.Maybe<ByteString>().ViaMaterialized(Numbers(connection), Keep.Left);
        return Ending(numbers, how).ToMaterialized(Sink.Ignore<int>(), Keep.Both).MapMaterializedValue(static both => (both.Item1, (Task)both.Item2)).Run(bench.Materializer);
    }

    private static Source<int, TMat> Ending<TMat>(Source<int, TMat> numbers, string how) => how switch
    {
        "take" => numbers.Take(3),
        "failure" => numbers.Select(static number => number < 100 ? number : throw new InvalidOperationException("over")),
        _ => numbers.TakeWhile(static number => number < 50),
    };

    private static Flow<ByteString, int, Akka.NotUsed> Numbers(ZcrxIncomingConnection connection) =>
        connection.MapFrames(static buffers => buffers.Frames(LengthPrefix.UInt32BigEndian, 1024), Number);

    private static int Number(ReceivedFrame frame)
    {
        Span<byte> bytes = stackalloc byte[4];
        frame.Sequence.CopyTo(bytes);
        return BinaryPrimitives.ReadInt32BigEndian(bytes);
    }

    private static byte[] Numbered(int count)
    {
        byte[] bytes = new byte[8 * count];
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8 * i), 4);
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan((8 * i) + 4), i);
        }

        return bytes;
    }
}
