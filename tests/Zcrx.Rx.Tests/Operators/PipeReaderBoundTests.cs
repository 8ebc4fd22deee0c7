using System.IO.Pipelines;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Operators;

/// <summary>
/// Tests that a pipe reader limits the bytes of a read result and its leases. It never waits for bytes that cannot arrive.
/// </summary>
[Collection(SocketsCollection.Name)]
public class PipeReaderBoundTests : IClassFixture<ResourceCheck>
{
    [Fact]
    public async Task Message_that_is_larger_than_the_pool_is_read_whole()
    {
        const int Length = 4_000_000;
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 64);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            PipeReader reader = connection.Buffers.ToPipeReader(maxQueued: 8, maxReadBytes: 16_384, maxLeasedBuffers: 4);
            Task sending = peer.SendAllAsync(Length);
            long last = 0;
            while (true)
            {
                ReadResult result = await reader.ReadAsync().AsTask().Within("more arrives");
                Assert.InRange(result.Buffer.Length - last, 0, 16_384 + Environment.SystemPageSize);
                last = result.Buffer.Length;
                if (result.IsCompleted)
                {
                    Assert.Equal(Length, last);
                    long position = 0;
                    foreach (ReadOnlyMemory<byte> piece in result.Buffer)
                    {
                        Assert.True(piece.Span.SequenceEqual(Payload.At(peer.Stream, position, piece.Length)), $"bytes differ behind {position}");
                        position += piece.Length;
                    }

                    break;
                }

                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            }

            await reader.CompleteAsync();
            await sending.Within("everything is sent");
        }
    }

    [Fact]
    public async Task Message_beyond_the_limit_fails_the_read_instead_of_waiting()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 64);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            PipeReader reader = connection.Buffers.ToPipeReader(maxUnconsumedBytes: 100_000);
            Task sending = peer.SendAsync(1_000_000);
            ZcrxFramingException error = await Assert.ThrowsAsync<ZcrxFramingException>(async () =>
            {
                while (true)
                {
                    ReadResult result = await reader.ReadAsync().AsTask().Within("more arrives");
                    Assert.InRange(result.Buffer.Length, 0, 100_000 + (256 << 10));
                    reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                }
            });
            Assert.Equal((0, 100_000), (error.StreamOffset, error.Limit));
            Assert.Contains("maxUnconsumedBytes", error.Message, StringComparison.Ordinal);
            await reader.CompleteAsync(error);
            connection.Abort();
            await sending.Within("the sender is refused");
        }
    }
}
