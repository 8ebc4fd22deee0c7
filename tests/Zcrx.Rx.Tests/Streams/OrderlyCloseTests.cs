using System.Net.Sockets;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Streams;

/// <summary>Tests that a close does not reset the peer while another thread uses the socket.</summary>
[Collection(SocketsCollection.Name)]
public class OrderlyCloseTests : IClassFixture<ResourceCheck>
{
    // The number of bytes in flight when the connection closes.
    private const int Bytes = 100_000;

    [Fact]
    public async Task Closing_during_a_call_in_another_thread_loses_no_byte_and_sends_no_reset()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            await connection.SendAsync(new byte[Bytes]);
            bool isHeld = false;
            SafeSocketHandle handle = connection.Socket.SafeHandle;
            try
            {
                // A system call on another thread would hold such a reference until it returns.
                handle.DangerousAddRef(ref isHeld);
                connection.Dispose();
                Assert.Equal(Bytes, await ReadToEndAsync(peer.Socket).Within("the stream ends at the peer"));
            }
            finally
            {
                if (isHeld)
                {
                    handle.DangerousRelease();
                }
            }

            await connection.Closed.Within("the connection is closed");
        }
    }

    [Fact]
    public async Task Aborting_during_a_call_in_another_thread_sends_a_reset()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            bool isHeld = false;
            SafeSocketHandle handle = connection.Socket.SafeHandle;
            try
            {
                handle.DangerousAddRef(ref isHeld);
                connection.Abort();
                Assert.True(await peer.IsResetAsync());
            }
            finally
            {
                if (isHeld)
                {
                    handle.DangerousRelease();
                }
            }

            await connection.Closed.Within("the connection is closed");
        }
    }

    private static async Task<int> ReadToEndAsync(Socket socket)
    {
        byte[] buffer = new byte[Bytes];
        int total = 0;
        while (await socket.ReceiveAsync(buffer) is var count and > 0)
        {
            total += count;
        }

        return total;
    }
}
