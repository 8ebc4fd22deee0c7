using System.Net;
using System.Net.Sockets;
using Zcrx.Actors;
using Zcrx.Cluster.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Cluster.Tests.Membership;

/// <summary>
/// Tests a takeover between two nodes in the test process. Each one is a member of the cluster, with an address of its own.
/// </summary>
/// <remarks>ClusterIngest.Tests contains the same test with real processes.</remarks>
public sealed class NodeTakeoverTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("zcrx-cluster-takeover-");

    [Fact]
    public async Task Port_of_the_cluster_stays_open_until_the_new_member_is_up_and_the_old_one_keeps_its_connections()
    {
        int atFirst = 0;
        int atSecond = 0;
        await using ClusterNode seed = await ClusterNode.StartAsync();
        seed.Join(seed);
        await using ClusterNode first = await StartAsync(count => Interlocked.Add(ref atFirst, count));
        first.Join(seed);
        await Deadline.UntilAsync(() => first.Zcrx.EndPoints.ByName.ContainsKey("door"), "the port is bound");
        IPEndPoint endPoint = first.Zcrx.EndPoints["door"];
        using Socket established = await ConnectAsync(endPoint);
        await established.SendAsync(new byte[10]).Within();
        await Deadline.UntilAsync(() => Volatile.Read(ref atFirst) == 10, "the first node serves");

        await using ClusterNode second = await StartAsync(count => Interlocked.Add(ref atSecond, count));
        // The second node has the listener now, but accepts nothing before it is a member.
        using Socket waiting = await ConnectAsync(endPoint);
        await waiting.SendAsync(new byte[10]).Within();
        Assert.False(second.Zcrx.EndPoints.ByName.ContainsKey("door"));
        second.Join(seed);

        await Deadline.UntilAsync(() => Volatile.Read(ref atSecond) == 10, "the second node serves the connection that has waited");
        // The endpoint may be published slightly later than the queue accepts.
        await Deadline.UntilAsync(() => second.Zcrx.EndPoints.ByName.TryGetValue("door", out IPEndPoint? published) && published.Equals(endPoint), "the port is published");
        await established.SendAsync(new byte[10]).Within();
        await Deadline.UntilAsync(() => Volatile.Read(ref atFirst) == 20, "the first node serves its connection");
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static async Task<Socket> ConnectAsync(IPEndPoint endPoint)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint).Within();
        return socket;
    }

    private Task<ClusterNode> StartAsync(Action<int> received) => ClusterNode.StartAsync(
        options => options.Listeners.Add(new ZcrxListenerOptions
        {
            Name = "door",
            EndPoint = "127.0.0.1:0",
            Handler = connection => connection.Buffers.Subscribe(buffer => received(buffer.Length)),
        }),
        zcrx: zcrx => zcrx.Takeover(Path.Combine(_directory.FullName, "place")));
}
