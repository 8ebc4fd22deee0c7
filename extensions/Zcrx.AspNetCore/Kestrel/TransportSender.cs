using System.IO.Pipelines;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.AspNetCore.Kestrel;

/// <summary>Sends the bytes that Kestrel writes to a connection.</summary>
/// <remarks>
/// <para>A flush only schedules the send. Everything that is flushed before the send runs, such as responses on several HTTP/2 streams, is
/// sent with one system call.</para>
/// <para>When the client is gone, a flush returns a completed result instead of throwing, as with Kestrel's own transport. Output that is
/// completed with an error resets the connection. An orderly end would tell the client that it has received everything.</para>
/// </remarks>
internal sealed class TransportSender
{
    private readonly ZcrxConnection _connection;
    private readonly Pipe _pipe;

    /// <param name="connection">The connection.</param>
    /// <param name="scheduler">Runs the sends.</param>
    /// <param name="maxWriteBytes">The number of unsent bytes beyond which a flush waits.</param>
    public TransportSender(ZcrxConnection connection, PipeScheduler scheduler, long maxWriteBytes)
    {
        _connection = connection;
        _pipe = new Pipe(new PipeOptions(
            readerScheduler: scheduler, writerScheduler: PipeScheduler.ThreadPool, pauseWriterThreshold: maxWriteBytes, resumeWriterThreshold: maxWriteBytes / 2, useSynchronizationContext: false));
        Completion = SendAsync();
    }

    public PipeWriter Writer => _pipe.Writer;

    /// <summary>Gets a task that ends when everything is sent, or cannot be sent. Never faults.</summary>
    public Task Completion { get; }

    private async Task SendAsync()
    {
        bool isSending = false;
        bool hasError = false;
        try
        {
            while (true)
            {
                ReadResult read = await _pipe.Reader.ReadAsync().ConfigureAwait(false);
                if (!read.Buffer.IsEmpty)
                {
                    isSending = true;
                    await _connection.SendAsync(read.Buffer).ConfigureAwait(false);
                    isSending = false;
                }

                _pipe.Reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    break;
                }
            }
        }
#pragma warning disable CA1031 // The client is gone, or Kestrel has completed the output with an error of any type.
        catch (Exception)
#pragma warning restore CA1031
        {
            // If no send was running, Kestrel has completed the output with an error. If a send has failed, reads report why the connection
            // has ended. In both cases, unsent bytes are dropped.
            hasError = !isSending;
        }
        finally
        {
            if (hasError)
            {
                _connection.Abort();
            }
            else
            {
                _connection.ShutdownSend();
            }

            await _pipe.Reader.CompleteAsync().ConfigureAwait(false);
        }
    }
}
