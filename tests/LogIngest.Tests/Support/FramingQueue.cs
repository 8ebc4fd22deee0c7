using System.Net;
using System.Net.Sockets;
using System.Text;
using LogIngest.Settings;
using LogIngest.Syslog;
using Zcrx.Rx;

namespace LogIngest.Tests.Support;

/// <summary>Represents a queue that cuts received streams into messages. A test chooses where a stream is split into pieces.</summary>
internal sealed class FramingQueue : IAsyncDisposable
{
    public const int MaxLength = 500;

    private readonly ZcrxQueue _queue;
    private readonly Socket _listener;

    private FramingQueue(ZcrxQueue queue, Socket listener)
    {
        _queue = queue;
        _listener = listener;
    }

    public int BuffersOut => _queue.Snapshot().BuffersOut;

    public static async Task<FramingQueue> OpenAsync()
    {
        ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = ZcrxEngine.Emulated, AreaSize = 1.MiB(), CheckBorrows = true });
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return new FramingQueue(queue, listener);
    }

    /// <summary>Sends a stream in pieces and receives it. A piece is sent only when the previous one has arrived.</summary>
    /// <returns>The messages with their flags. The last entry is the error if the stream has failed.</returns>
    public async Task<string[]> ReceiveAsync(BadInputPolicy badInput, params byte[][] pieces)
    {
        using Socket sender = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await sender.ConnectAsync(_listener.LocalEndPoint!);
        ZcrxConnection connection = await _queue.AttachAsync(await _listener.AcceptAsync());
        List<string> messages = [];
        TaskCompletionSource<string?> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable subscription = connection.Buffers.Frames(new SyslogFraming(MaxLength, badInput), MaxLength).Subscribe(
            frame =>
            {
                if (frame.Length > 0)
                {
                    messages.Add($"{(MessageFlags)frame.Tag}: {Encoding.Latin1.GetString(frame.ToArray())}");
                }
            },
            error => end.TrySetResult(((ZcrxFramingException)error).Cause),
            () => end.TrySetResult(null));
        long sent = 0;
        foreach (byte[] piece in pieces)
        {
            try
            {
                await sender.SendAsync(piece);
            }
            catch (SocketException)
            {
                // The receiver has refused the stream, and has reset the connection.
                break;
            }

            sent += piece.Length;
            await Deadline.UntilAsync(() => connection.BytesReceived == sent || end.Task.IsCompleted, () => $"{sent} bytes arrive, not {connection.BytesReceived}");
        }

        if (!end.Task.IsCompleted)
        {
            sender.Shutdown(SocketShutdown.Send);
        }

        string? cause = await end.Task.Within("the stream ends");
        await connection.Closed.Within("the connection closes");
        return cause is null ? [.. messages] : [.. messages, $"error: {cause}"];
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _queue.DisposeAsync();
    }
}
