using System.IO.Pipelines;
using System.Net.Sockets;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Serves small messages with a socket and a pipe per connection. One loop fills the pipe, and another one answers.</summary>
internal static class PipelinesMessageServer
{
    // The consumer runs on the thread that has received the bytes, as in the receiver of bulk traffic.
    private static readonly PipeOptions Options = new(
        readerScheduler: PipeScheduler.Inline,
        writerScheduler: PipeScheduler.Inline,
        minimumSegmentSize: SocketMessageServer.BufferLength,
        useSynchronizationContext: false);

    public static Task<int> StartAsync() => Task.FromResult(new LoopbackListener().Start(ServeAsync));

    /// <summary>Answers the requests in a pipe until the pipe ends.</summary>
    /// <param name="reader">Reads the requests.</param>
    /// <param name="send">Sends the replies.</param>
    private static async Task AnswerAsync(PipeReader reader, Func<ReadOnlyMemory<byte>, ValueTask> send)
    {
        Exchange exchange = new();
        byte[] replies = [];
        while (true)
        {
            ReadResult result = await reader.ReadAsync().ConfigureAwait(false);
            int most = Exchange.LengthOfReplies(result.Buffer.Length);
            if (replies.Length < most)
            {
                replies = new byte[most];
            }

            int length = 0;
            foreach (ReadOnlyMemory<byte> piece in result.Buffer)
            {
                length += exchange.Answer(piece.Span, replies.AsSpan(length));
            }

            reader.AdvanceTo(result.Buffer.End);
            await send(replies.AsMemory(0, length)).ConfigureAwait(false);
            if (result.IsCompleted)
            {
                await reader.CompleteAsync().ConfigureAwait(false);
                return;
            }
        }
    }

    private static async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            socket.NoDelay = true;
            Pipe pipe = new(Options);
            Task answering = AnswerAsync(pipe.Reader, bytes => SocketMessageServer.SendAllAsync(socket, bytes));
            int received;
            do
            {
                received = await socket.ReceiveAsync(pipe.Writer.GetMemory(SocketMessageServer.BufferLength / 2), SocketFlags.None).ConfigureAwait(false);
                pipe.Writer.Advance(received);
                _ = await pipe.Writer.FlushAsync().ConfigureAwait(false);
            }
            while (received > 0);
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
            await answering.ConfigureAwait(false);
        }
    }
}
