using Zcrx.Interop;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Operators;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Operators;

[Collection(SocketsCollection.Name)]
public class LeaseGatherTests : IClassFixture<ResourceCheck>
{
    private const int Buffers = 16;

    [Fact]
    public async Task Buffers_that_were_released_form_one_piece_when_they_are_received_again()
    {
        int length = Buffers * Environment.SystemPageSize;
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 64);
        (Peer client, ZcrxConnection connection) = await queue.ConnectAsync();
        using (client)
        {
            using LeaseChannel<ReceivedBuffer, BufferLease> channel = new(BufferLeasing.Instance, Buffers, long.MaxValue, hasOneReader: true);
            using LeaseGather gather = new(channel);
            connection.Pause();
            channel.SubscribeTo(connection.Buffers);
            for (int round = 0; round < 4; round++)
            {
                await client.SendAsync(length);
                await Deadline.UntilAsync(() => connection.Receiver.Socket.BytesWaiting == length, "everything waits in the socket");
                connection.Resume();
                await Deadline.UntilAsync(() => connection.Receiver.Holder.Leased == Buffers, "everything is leased");
                connection.Pause();
                Assert.True(gather.TryTake());

                Assert.Equal(length, gather.Length);
                // An unused pool gives out its buffers from the end, in descending order. Each buffer is then a piece of its own.
                Assert.Equal(round == 0 ? Buffers : 1, gather.Pieces.Length);
                gather.Release();
                Assert.False(gather.TryTake());
                await Deadline.UntilAsync(() => queue.BuffersOut == 0 && connection.Receiver.State == ReceiveState.Idle, "all buffers have returned, and the receive has ended");
            }

            channel.Dispose();
            channel.Finish();
        }
    }
}
