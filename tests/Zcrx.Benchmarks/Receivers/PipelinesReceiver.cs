using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Receives as a server transport does. One loop fills a pipe from the socket, and another one consumes the pipe.</summary>
/// <remarks>These settings of the pipe were the fastest ones for this load.</remarks>
internal sealed class PipelinesReceiver : IReceiver
{
    private const int SegmentLength = 64 * 1024;

    // The limit for unread bytes that Kestrel uses.
    private const int PauseThreshold = 1024 * 1024;

    // The consumer runs on the thread that has received the bytes. On threads of the pool, it returns segments too late: the run then
    // allocates half a gigabyte per gigabyte received and takes twice as long.
    private static readonly PipeOptions Options = new(
        readerScheduler: PipeScheduler.Inline,
        writerScheduler: PipeScheduler.Inline,
        minimumSegmentSize: SegmentLength,
        pauseWriterThreshold: PauseThreshold,
        resumeWriterThreshold: PauseThreshold / 2,
        useSynchronizationContext: false);

    private readonly LoopbackListener _listener = new();

    public string Note => "";

    public Task<int> StartAsync(Meter meter) => Task.FromResult(_listener.Start(socket => ReceiveAsync(socket, meter.Next())));

    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    private static async Task ReceiveAsync(Socket socket, ConnectionMeter meter)
    {
        Pipe pipe = new(Options);
        Task consuming = ConsumeAsync(pipe.Reader, meter);
        await FillAsync(socket, pipe.Writer);
        await consuming;
        socket.Dispose();
    }

    private static async Task FillAsync(Socket socket, PipeWriter writer)
    {
        while (true)
        {
            // Requesting half a segment lets two short reads share a segment.
            Memory<byte> memory = writer.GetMemory(SegmentLength / 2);
            int received = await socket.ReceiveAsync(memory, SocketFlags.None).ConfigureAwait(false);
            if (received == 0)
            {
                await writer.CompleteAsync().ConfigureAwait(false);
                return;
            }

            writer.Advance(received);
            _ = await writer.FlushAsync().ConfigureAwait(false);
        }
    }

    private static async Task ConsumeAsync(PipeReader reader, ConnectionMeter meter)
    {
        while (true)
        {
            ReadResult result = await reader.ReadAsync().ConfigureAwait(false);
            foreach (ReadOnlyMemory<byte> chunk in result.Buffer)
            {
                if (chunk.Length > 0)
                {
                    meter.Count(chunk.Span);
                }
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                await reader.CompleteAsync().ConfigureAwait(false);
                return;
            }
        }
    }
}
