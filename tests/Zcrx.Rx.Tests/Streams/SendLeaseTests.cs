using System.Net;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests leases that the application releases while a send still uses their memory.</summary>
[Collection(SocketsCollection.Name)]
public class SendLeaseTests : IClassFixture<ResourceCheck>
{
    private const int Filler = 32 << 20;

    [Fact]
    public async Task Lease_that_is_released_while_a_send_waits_for_its_turn_is_sent_unchanged()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            connection.CloseMode = CloseMode.Manual;
            TaskCompletionSource<BufferLease> taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Recorder recorder = new(peer.Stream) { Then = buffer => Take(taken, buffer) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(100);
            BufferLease lease = await taken.Task.Within("a buffer arrives");
            byte[] expected = lease.Span.ToArray();

            // The filler fills the socket, so the send of the lease has to wait.
            Task filling = connection.SendAsync(new byte[Filler]).AsTask();
            Task sending = connection.SendAsync(lease.Memory).AsTask();
            lease.Dispose();
            Assert.False(sending.IsCompleted);
            Assert.Equal(1, queue.BuffersOut);
            // These bytes overwrite every buffer that the kernel has.
            await peer.SendAsync(200_000);
            await recorder.ReachAsync(200_000);

            byte[] received = new byte[Filler + expected.Length];
            for (int count = 0; count < received.Length;)
            {
                count += await peer.Socket.ReceiveAsync(received.AsMemory(count));
            }

            await Task.WhenAll(filling, sending).Within("everything is sent");
            Assert.Equal(expected, received[Filler..]);
            await queue.AllReturnedAsync();
        }
    }

    [Fact]
    public async Task Lease_that_is_pinned_can_be_released_while_a_socket_sends_its_memory()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 8);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        (Peer other, ZcrxConnection _) = await queue.ConnectAsync();
        using (peer)
        using (other)
        {
            TaskCompletionSource<BufferLease> taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Recorder recorder = new(peer.Stream) { Then = buffer => Take(taken, buffer) };
            using IDisposable subscription = connection.Buffers.Subscribe(recorder);
            await peer.SendAsync(100);
            BufferLease lease = await taken.Task.Within("a buffer arrives");
            byte[] expected = lease.Span.ToArray();
            (Socket sender, Socket receiver) = await PairAsync();
            using (sender)
            using (receiver)
            {
                ReadOnlyMemory<byte> memory = lease.Memory;
                Task filling = sender.SendAsync(new byte[Filler]).WaitAsync(Deadline.Limit);
                using (memory.Pin())
                {
                    Task<int> sending = sender.SendAsync(memory).AsTask();
                    lease.Dispose();
                    await peer.SendAsync(200_000);
                    await recorder.ReachAsync(200_000);
                    byte[] received = new byte[Filler + expected.Length];
                    for (int count = 0; count < received.Length;)
                    {
                        count += await receiver.ReceiveAsync(received.AsMemory(count));
                    }

                    Assert.Equal(expected.Length, await sending.Within("the lease is sent"));
                    Assert.Equal(expected, received[Filler..]);
                }

                await filling;
            }

            await queue.AllReturnedAsync();
        }
    }

    private static void Take(TaskCompletionSource<BufferLease> first, ReceivedBuffer buffer)
    {
        if (!first.Task.IsCompleted)
        {
            first.SetResult(buffer.Retain());
        }
    }

    private static async Task<(Socket Sender, Socket Receiver)> PairAsync()
    {
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        Socket sender = new(SocketType.Stream, ProtocolType.Tcp);
        await sender.ConnectAsync(listener.LocalEndPoint!);
        return (sender, await listener.AcceptAsync());
    }
}
