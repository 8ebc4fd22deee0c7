using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Queues;

/// <summary>Tests that a failed ring ends each of its streams with an error, and no other stream.</summary>
[Collection(SocketsCollection.Name)]
public class CrashTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task Crash_is_reported_to_streams_listeners_and_the_owner_and_resets_the_sockets()
    {
        HookedKernel kernel = new();
        TestQueue queue = await TestQueue.OpenAsync(buffers: 16, kernel: kernel);
        Task<ZcrxConnection?> listening = queue.Queue.Listen(new IPEndPoint(IPAddress.Loopback, 0)).LastOrDefaultAsync().ToTask()!;
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        (Peer silent, ZcrxConnection unobserved) = await queue.ConnectAsync();
        using (peer)
        using (silent)
        {
            BufferLease? lease = null;
            Recorder recorder = new(peer.Stream) { Then = buffer => lease ??= buffer.Retain() };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(1000);
            await recorder.ReachAsync(1000);

            kernel.ForcedEnterResult = -Errno.EBADF;
            connection.Pause();
            ZcrxException crash = await Assert.ThrowsAsync<ZcrxException>(() => queue.Queue.Completion.Within("the loop ends"));
            Assert.Equal("EBADF", crash.ErrorName);

            ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
            Assert.Same(crash, error.InnerException);
            Assert.Equal(1000, error.StreamOffset);
            Assert.Contains("no other resumes", error.Cause, StringComparison.Ordinal);
            await unobserved.Closed.Within("the other connection is closed");
            Assert.True(await peer.IsResetAsync());
            Assert.True(await silent.IsResetAsync());
            await Assert.ThrowsAnyAsync<ZcrxException>(() => listening.Within("the listener receives the error"));
            Assert.True(lease!.Span.SequenceEqual(Payload.At(peer.Stream, 0, lease.Length)));
            lease.Dispose();
        }

        await queue.CloseAsync();
    }

    [Fact]
    public async Task Connection_that_was_accepted_but_not_delivered_is_reset()
    {
        HookedKernel kernel = new();
        TestQueue queue = await TestQueue.OpenAsync(kernel: kernel);
        kernel.Entered = result => kernel.HasUnread(RequestKind.Accept) ? -Errno.EBADF : result;
        Assert.True(await IsResetAsync());
        await Assert.ThrowsAsync<ZcrxException>(() => queue.Queue.Completion.Within("the loop ends"));
        await queue.CloseAsync();

        async Task<bool> IsResetAsync()
        {
            try
            {
                using Peer peer = await Peer.ConnectAsync(queue.EndPoint, 1);
                return await peer.IsResetAsync();
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.ConnectionReset)
            {
                // The reset arrived before the peer's connect call returned.
                return true;
            }
        }
    }

    [Fact]
    public async Task Stream_stays_intact_when_the_former_owner_closes_its_socket()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        using Socket server = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Blocking = true;
        Socket ours = new(SocketType.Stream, ProtocolType.Tcp);
        await ours.ConnectAsync(server.LocalEndPoint!);
        using Peer peer = new(await server.AcceptAsync(), 1);
        ZcrxConnection connection = await queue.Queue.AttachAsync(ours);
        connection.Pause();
        Recorder recorder = new(1);
        using IDisposable subscription = connection.Buffers.Subscribe(recorder);
        ours.Dispose();

        // New connections get the descriptor numbers of the closed ones.
        List<(Peer Peer, Recorder Recorder)> others = [];
        for (int i = 0; i < 8; i++)
        {
            (Peer other, ZcrxConnection otherConnection) = await queue.ConnectAsync();
            others.Add((other, new Recorder(other.Stream)));
            _ = otherConnection.Buffers.Subscribe(others[i].Recorder);
            await other.SendAllAsync(1000);
        }

        connection.Resume();
        await peer.SendAllAsync(20_000);
        await recorder.AssertCompletedAsync(20_000);
        foreach ((Peer other, Recorder otherRecorder) in others)
        {
            await otherRecorder.AssertCompletedAsync(1000);
            other.Dispose();
        }
    }

    [Fact]
    public async Task A_listener_that_its_owner_closes_accepts_until_the_subscription_ends()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint endPoint = listener.LocalEndPoint!;
        using BlockingCollection<ZcrxConnection> accepted = [];
        IDisposable accepting = queue.Queue.Listen(listener).Subscribe(accepted.Add);
        listener.Dispose();
        using (Socket client = new(SocketType.Stream, ProtocolType.Tcp))
        {
            await client.ConnectAsync(endPoint);
            Assert.True(accepted.TryTake(out ZcrxConnection? connection, Deadline.Limit));
            connection.Abort();
            await connection.Closed.Within("the connection is closed");
        }

        accepting.Dispose();
        await Deadline.UntilAsync(() => !CanConnect(endPoint), "the port is closed");
    }

    [Fact]
    public async Task Sockets_that_are_not_TCP_are_refused_at_once()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        using Socket unix = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using Socket datagram = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        Assert.Throws<ArgumentException>(() => queue.Queue.Listen(unix));
        await Assert.ThrowsAsync<ArgumentException>(() => queue.Queue.AttachAsync(datagram));
    }

    private static bool CanConnect(EndPoint endPoint)
    {
        using Socket client = new(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            client.Connect(endPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
