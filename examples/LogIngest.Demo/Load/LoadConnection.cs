using System.Buffers;
using System.Diagnostics;
using System.Net.Sockets;

namespace LogIngest.Demo.Load;

/// <summary>Sends messages over one connection.</summary>
internal sealed class LoadConnection(LoadPlan plan, int connection)
{
    // The offset between the message numbers of two connections, so every number in the run is unique.
    private const long NumbersOfConnection = 1_000_000_000_000;
    private const int MessagesOfPacket = 100;

    private readonly MessageWriter _writer = new(plan.Run, (MessageFormat)(connection % 3), plan.TextLength);
    private Socket? _socket;
    private long _sent;
    private long _longestStall;
    private long _sendBegan;

    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Gets the duration of the longest send, including a send that is still in progress.</summary>
    public TimeSpan LongestStall
    {
        get
        {
            TimeSpan past = TimeSpan.FromTicks(Volatile.Read(ref _longestStall));
            long began = Volatile.Read(ref _sendBegan);
            TimeSpan present = began == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(began);
            return past > present ? past : present;
        }
    }

    public long BytesQueued => SendQueue.Of(Volatile.Read(ref _socket));

    /// <summary>
    /// Sends until the time is over, and ends its side. Then waits for the service to close the connection, which shows that everything is
    /// stored.
    /// </summary>
    public async Task RunAsync(CancellationToken timeIsOver, CancellationToken cancellationToken)
    {
        using Socket socket = new(plan.To.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(plan.To, cancellationToken);
        Volatile.Write(ref _socket, socket);
        try
        {
            await SendAsync(socket, timeIsOver, cancellationToken);
            socket.Shutdown(SocketShutdown.Send);
            while (await socket.ReceiveAsync(new byte[4096], cancellationToken) > 0)
            {
            }
        }
        catch (SocketException error)
        {
            throw new IOException($"Connection {connection} broke after {Sent} messages: {error.Message}.", error);
        }
        finally
        {
            Volatile.Write(ref _socket, null);
        }
    }

    private async Task SendAsync(Socket socket, CancellationToken timeIsOver, CancellationToken cancellationToken)
    {
        ArrayBufferWriter<byte> packet = new(64 << 10);
        long number = connection * NumbersOfConnection;
        long began = Stopwatch.GetTimestamp();
        using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(10));
        while (!timeIsOver.IsCancellationRequested)
        {
            int messages = plan.Rate is { } rate ? (int)Math.Min(MessagesOfPacket, (Stopwatch.GetElapsedTime(began).TotalSeconds * rate) - Sent) : MessagesOfPacket;
            if (messages <= 0)
            {
                await pause.WaitForNextTickAsync(cancellationToken);
                continue;
            }

            packet.ResetWrittenCount();
            for (int index = 0; index < messages; index++)
            {
                _writer.Write(packet, ++number);
            }

            Volatile.Write(ref _sendBegan, Stopwatch.GetTimestamp());
            for (ReadOnlyMemory<byte> rest = packet.WrittenMemory; !rest.IsEmpty;)
            {
                rest = rest[await socket.SendAsync(rest, cancellationToken)..];
            }

            Volatile.Write(ref _longestStall, LongestStall.Ticks);
            Volatile.Write(ref _sendBegan, 0);
            Interlocked.Add(ref _sent, messages);
        }
    }
}
