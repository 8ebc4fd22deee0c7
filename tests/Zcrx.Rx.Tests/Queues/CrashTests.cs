using System.Net;
using System.Net.Sockets;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Loop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Queues;

/// <summary>A ring that breaks takes its streams with it, and tells each of them; nothing else.</summary>
[Collection(SocketsCollection.Name)]
public class CrashTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task Streams_listeners_and_the_owner_are_told_and_sockets_are_reset()
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
            Assert.Contains("no other goes on", error.Cause, StringComparison.Ordinal);
            await unobserved.Closed.Within("the other connection is closed");
            Assert.True(await peer.IsResetAsync());
            Assert.True(await silent.IsResetAsync());
            await Assert.ThrowsAsync<ZcrxException>(() => listening.Within("the listener is told"));
            Assert.True(lease!.Span.SequenceEqual(Payload.At(peer.Stream, 0, lease.Length)));
            lease.Dispose();
        }

        await queue.CloseAsync();
    }

    [Fact]
    public async Task A_connection_accepted_and_never_handed_out_is_reset()
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
                // Before the peer had seen that it was connected.
                return true;
            }
        }
    }

    [Fact]
    public async Task A_socket_closed_behind_our_back_costs_its_own_stream()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        using Socket server = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        server.Blocking = true;
        Socket ours = new(SocketType.Stream, ProtocolType.Tcp);
        await ours.ConnectAsync(server.LocalEndPoint!);
        using Peer peer = new(await server.AcceptAsync(), 1);
        ZcrxConnection connection = await queue.Queue.AttachAsync(ours);
        ours.Dispose();
        Recorder recorder = new(1);
        using IDisposable subscription = connection.Buffers.Subscribe(recorder);
        ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await recorder.AssertFailedAsync());
        Assert.Equal("EBADF", error.ErrorName);
        connection.Abort();
        await connection.Closed.Within("it is closed");
        Assert.False(queue.Queue.Completion.IsCompleted);
    }
}
