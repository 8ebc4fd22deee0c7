using System.Collections.Concurrent;
using System.Net.Sockets;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Actors;
using Zcrx.Cluster.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Cluster.Tests.Shards;

/// <summary>Represents the nodes of a test. Each node accepts connections and runs entities. All entities write to the same log.</summary>
internal sealed class ShardNodes(EntityLog log, ZcrxShardOptions options) : IAsyncDisposable
{
    private const string Region = """
        akka.cluster.sharding {
          least-shard-allocation-strategy.rebalance-absolute-limit = 64
          rebalance-interval = 500ms
          retry-interval = 200ms
          coordinator-state { write-majority-plus = 0, read-majority-plus = 0 }
          distributed-data.majority-min-cap = 1
        }
        """;

    private readonly List<ClusterNode> _nodes = [];

    public ConcurrentQueue<(ZcrxConnection Connection, ShardSink Sink)> Accepted { get; } = new();

    public ClusterNode First => _nodes[0];

    public Func<System.Buffers.ReadOnlySequence<byte>, System.Buffers.ReadOnlySequence<byte>> Key { get; init; } = TestFrames.Key;

    /// <summary>Starts a node, and waits until it is a member of the cluster with the status Up.</summary>
    public async Task<ClusterNode> AddAsync()
    {
        ClusterNode node = await ClusterNode.StartAsync(
            akka: akka => akka
                .AddHocon(Region, HoconAddMode.Prepend)
                .WithShardRegion<LogEntity>(
                    "frames",
                    partition => Props.Create(() => new LogEntity(log, partition)),
                    new ZcrxShardMessageExtractor(),
                    new ShardOptions { RememberEntities = false, StateStoreMode = Akka.Cluster.Sharding.StateStoreMode.DData }),
            zcrx: zcrx => zcrx.Listen("127.0.0.1:0", (services, connection) => Accept(services, connection), "frames"));
        _nodes.Add(node);
        node.Join(First);
        await Deadline.UntilAsync(() => First.Cluster.State.Members.Count(static member => member.Status == Akka.Cluster.MemberStatus.Up) == _nodes.Count, "the node is Up");
        return node;
    }

    public async Task<Socket> ConnectAsync()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(First.Zcrx.EndPoints["frames"]).Within();
        return socket;
    }

    /// <summary>
    /// Sends frames over a new connection. Waits until the service closes it, which means that all frames are acknowledged.
    /// </summary>
    public async Task SendAsync(int connection, int frames, int length = TestFrames.Header)
    {
        using Socket socket = await ConnectAsync();
        await SendAllAsync(socket, TestFrames.Stream(connection, frames, length)).Within("the frames are sent");
        socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await socket.ReceiveAsync(new byte[1]).Within("the service closes the connection"));
    }

    public static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes)..];
        }
    }

    /// <summary>Checks that each frame was taken once, and that frames with the same key were taken in order.</summary>
    public void AssertTakenOnce(params ReadOnlySpan<(int Connection, int Frames)> sent)
    {
        (int Connection, int Key, int Number, string Node)[] taken = [.. log.Taken];
        int total = 0;
        foreach ((int connection, int frames) in sent)
        {
            total += frames;
            int[] numbers = [.. taken.Where(frame => frame.Connection == connection).Select(static frame => frame.Number)];
            Assert.Equal(Enumerable.Range(0, frames), numbers.Order());
            foreach (var key in taken.Where(frame => frame.Connection == connection).GroupBy(static frame => frame.Key))
            {
                Assert.Equal(key.Select(static frame => frame.Number).Order(), key.Select(static frame => frame.Number));
            }
        }

        Assert.Equal(total, taken.Length);
    }

    public async ValueTask DisposeAsync()
    {
        // The first node runs the shard coordinator, so it stops last.
        for (int i = _nodes.Count - 1; i >= 0; i--)
        {
            await _nodes[i].DisposeAsync();
        }
    }

    private ShardSink Accept(IServiceProvider services, ZcrxConnection connection)
    {
        IActorRef region = ActorRegistry.For(services.GetRequiredService<ActorSystem>()).Get<LogEntity>();
        ShardSink sink = connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, 1.MiB()).ToShards(region, Key, options);
        Accepted.Enqueue((connection, sink));
        return sink;
    }
}
