using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Akka;
using Akka.IO;
using Akka.Streams;
using Akka.Streams.Dsl;
using Zcrx.Actors.Tests.Support;

namespace Zcrx.Actors.Tests.AkkaStreams;

/// <summary>
/// Runs the same services over the TCP streams of Akka and over Zcrx. Only the line that binds the port differs, and clients must see no
/// difference.
/// </summary>
public sealed class MigrationTests : IAsyncLifetime
{
    private const int MaxLength = 1024;
    private const int Clients = 8;

    // One task for each flow. Its result is the failure of the flow; null if the flow has completed.
    private readonly ConcurrentQueue<Task<Exception?>> _flows = [];
    private StreamBench _bench = null!;

    /// <summary>Specifies the library that binds the port.</summary>
    public enum Binder
    {
        Tcp,
        Zcrx,
    }

    public async Task InitializeAsync() => _bench = await StreamBench.StartAsync();

    public async Task DisposeAsync() => await _bench.DisposeAsync();

    [Theory]
    [InlineData(Binder.Tcp)]
    [InlineData(Binder.Zcrx)]
    public async Task Length_prefixed_service_answers_all_requests_of_clients_that_end_their_side_first(Binder binder)
    {
        IPEndPoint service = await BindAsync(binder, Reversing(), halfClose: true);

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async i =>
        {
            using Socket client = await StreamBench.ConnectAsync(service);
            byte[][] requests = [.. Enumerable.Range(0, 500).Select(number => Payload.Bytes(i + number, 1 + (number % MaxLength)))];
            Task<byte[]> answers = StreamBench.ReadAllAsync(client);
            // Sends pieces that end inside prefixes and frames, so that the service must reassemble both.
            foreach (byte[] piece in Frames(requests).Chunk(777 + i))
            {
                await client.SendAsync(piece).WithinLimit();
            }

            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(Frames([.. requests.Select(static request => request.Reverse().ToArray())]), await answers);
        })).WithinLimit();

        for (int i = 0; i < Clients; i++)
        {
            Assert.Null(await FailureAsync(i));
        }

        await _bench.AssertIdleAsync();
    }

    [Theory]
    [InlineData(Binder.Tcp)]
    [InlineData(Binder.Zcrx)]
    public async Task Echo_server_returns_everything_to_a_client_that_reads_late(Binder binder)
    {
        IPEndPoint service = await BindAsync(binder, Flow.Create<ByteString>(), halfClose: true);
        using Socket client = await StreamBench.ConnectAsync(service);
        byte[] bytes = Payload.Bytes(0, 8 << 20);

        Task sending = SendAndEndAsync(client, bytes);
        await Eventually.TrueAsync(() => client.Available > 64 * 1024, "answers wait");
        byte[] answer = await StreamBench.ReadAllAsync(client);

        await sending.WithinLimit();
        Assert.Equal(bytes, answer);
        Assert.Null(await FailureAsync(0));
    }

    [Theory]
    [InlineData(Binder.Tcp)]
    [InlineData(Binder.Zcrx)]
    public async Task Service_with_half_close_receives_after_it_has_ended_its_side(Binder binder)
    {
        ConcurrentQueue<byte[]> received = [];
        var collecting = Framing.SimpleFramingProtocolDecoder(MaxLength).To(Sink.ForEach<ByteString>(frame => received.Enqueue(frame.ToArray())));
        IPEndPoint service = await BindAsync(binder, Flow.FromSinkAndSource(collecting, Source.Single(ByteString.FromString("welcome"))), halfClose: true);
        using Socket client = await StreamBench.ConnectAsync(service);

        Assert.Equal("welcome"u8.ToArray(), await StreamBench.ReadAllAsync(client));
        byte[][] requests = [Payload.Bytes(0, 10), Payload.Bytes(10, MaxLength)];
        await client.SendAsync(Frames(requests)).WithinLimit();
        client.Shutdown(SocketShutdown.Send);

        await Eventually.TrueAsync(() => received.Count == requests.Length, "the requests arrive");
        Assert.Equal(requests, received);
        Assert.Null(await FailureAsync(0));
        await _bench.AssertIdleAsync();
    }

    [Theory]
    [InlineData(Binder.Tcp)]
    [InlineData(Binder.Zcrx)]
    public async Task Client_that_resets_fails_its_flow_and_no_other(Binder binder)
    {
        IPEndPoint service = await BindAsync(binder, Reversing(), halfClose: true);
        using Socket other = await StreamBench.ConnectAsync(service);
        Assert.Equal([2, 1], await AskAsync(other, [1, 2]));
        Socket client = await StreamBench.ConnectAsync(service);
        Assert.Equal([4, 3], await AskAsync(client, [3, 4]));

        // The client resets in the middle of a frame.
        await client.SendAsync(Frames([new byte[100]])[..50]).WithinLimit();
        client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Dispose();

        Assert.IsType<StreamTcpException>(await FailureAsync(1));
        Assert.Equal([6, 5], await AskAsync(other, [5, 6]));
        other.Shutdown(SocketShutdown.Send);
        Assert.Empty(await StreamBench.ReadAllAsync(other));
        Assert.Null(await FailureAsync(0));
        await _bench.AssertIdleAsync();
    }

    [Theory]
    [InlineData(Binder.Tcp)]
    [InlineData(Binder.Zcrx)]
    public async Task Frame_that_is_too_long_fails_its_flow_and_resets_the_client(Binder binder)
    {
        IPEndPoint service = await BindAsync(binder, Reversing(), halfClose: true);
        using Socket client = await StreamBench.ConnectAsync(service);

        await client.SendAsync(new byte[] { 0, 0, 0x10, 0, 1, 2, 3 }).WithinLimit();

        await StreamBench.AssertResetAsync(client);
        Assert.IsType<Framing.FramingException>(await FailureAsync(0));
        await _bench.AssertIdleAsync();
    }

    [Theory]
    [InlineData(Binder.Tcp)]
    [InlineData(Binder.Zcrx)]
    public async Task Client_that_ends_inside_a_frame_fails_its_flow_and_is_reset(Binder binder)
    {
        IPEndPoint service = await BindAsync(binder, Reversing(), halfClose: true);
        using Socket client = await StreamBench.ConnectAsync(service);

        await client.SendAsync(Frames([new byte[100]])[..50]).WithinLimit();
        client.Shutdown(SocketShutdown.Send);

        await StreamBench.AssertResetAsync(client);
        Assert.IsType<Framing.FramingException>(await FailureAsync(0));
        await _bench.AssertIdleAsync();
    }

    /// <summary>Creates a service that answers each frame with its bytes in reverse order.</summary>
    private static Flow<ByteString, ByteString, NotUsed> Reversing() => Framing.SimpleFramingProtocolDecoder(MaxLength)
        .SelectAsync(4, static frame => Task.Run(() => ByteString.FromBytes([.. frame.ToArray().Reverse()])))
        .Via(Framing.SimpleFramingProtocolEncoder(MaxLength));

    /// <summary>Binds a service. The two branches differ only in the line that binds the port.</summary>
    private async Task<IPEndPoint> BindAsync(Binder binder, Flow<ByteString, ByteString, NotUsed> service, bool halfClose)
    {
        var watched = service.WatchTermination(static (_, done) => done);
        if (binder == Binder.Tcp)
        {
            var bound = _bench.Host.System.TcpStream().Bind(StreamBench.Loopback, 0, halfClose: halfClose)
                .ToMaterialized(Sink.ForEach<Akka.Streams.Dsl.Tcp.IncomingConnection>(connection => Watch(connection.HandleWith(watched, _bench.Materializer))), Keep.Left).Run(_bench.Materializer);
            return (IPEndPoint)(await bound.WithinLimit()).LocalAddress;
        }
        else
        {
            var bound = _bench.Zcrx.Bind(StreamBench.Loopback, 0, halfClose: halfClose)
                .ToMaterialized(Sink.ForEach<ZcrxIncomingConnection>(connection => Watch(connection.HandleWith(watched, _bench.Materializer))), Keep.Left).Run(_bench.Materializer);
            return (await bound.WithinLimit()).LocalAddress;
        }
    }

    private void Watch(Task done) => _flows.Enqueue(done.ContinueWith(
        static ended => ended.Exception?.GetBaseException(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default));

    /// <summary>Waits for the end of a flow.</summary>
    /// <param name="connection">The index of the connection, in the order of acceptance.</param>
    /// <returns>The failure of the flow; null if it has completed.</returns>
    private async Task<Exception?> FailureAsync(int connection)
    {
        await Eventually.TrueAsync(() => _flows.Count > connection, "the connection is accepted");
        return await _flows.ElementAt(connection).WithinLimit();
    }

    private static async Task<byte[]> AskAsync(Socket client, byte[] request)
    {
        await client.SendAsync(Frames([request])).WithinLimit();
        byte[] answer = new byte[4 + request.Length];
        for (int i = 0; i < answer.Length;)
        {
            int length = await client.ReceiveAsync(answer.AsMemory(i)).AsTask().WithinLimit();
            Assert.NotEqual(0, length);
            i += length;
        }

        return answer[4..];
    }

    private static async Task SendAndEndAsync(Socket client, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await client.SendAsync(bytes)..];
        }

        client.Shutdown(SocketShutdown.Send);
    }

    private static byte[] Frames(byte[][] contents)
    {
        byte[] bytes = new byte[contents.Sum(static content => 4 + content.Length)];
        Span<byte> rest = bytes;
        foreach (byte[] content in contents)
        {
            BinaryPrimitives.WriteInt32BigEndian(rest, content.Length);
            content.CopyTo(rest[4..]);
            rest = rest[(4 + content.Length)..];
        }

        return bytes;
    }
}
