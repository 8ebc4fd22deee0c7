using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LogIngest.Demo.Load;

/// <summary>
/// Sends numbered messages. After a failure it sends the unconfirmed messages again. The service needs <c>LogIngest:Acknowledge</c>.
/// </summary>
/// <param name="to">The receiver.</param>
/// <param name="run">The name of the run.</param>
/// <param name="messages">The number of messages.</param>
/// <param name="firstNumber">The number of the first message.</param>
internal sealed class ResendingSender(IPEndPoint to, string run, int messages, long firstNumber = 0)
{
    private const int MaxUnconfirmed = 20_000;
    private const int MessagesOfPacket = 50;

    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromMilliseconds(50);

    private readonly MessageWriter _writer = new(run, MessageFormat.Counted, 120);
    private int _confirmed;
    private int _reconnects;
    private long _longestStall;
    private long _progress = Stopwatch.GetTimestamp();

    /// <summary>Gets the number of messages that the service has confirmed.</summary>
    public int Confirmed => Volatile.Read(ref _confirmed);

    /// <summary>Gets the number of connections after the first one.</summary>
    public int Reconnects => Volatile.Read(ref _reconnects);

    /// <summary>Gets the longest time between two confirmations.</summary>
    public TimeSpan LongestStall => TimeSpan.FromTicks(Volatile.Read(ref _longestStall));

    /// <summary>Sends until everything is confirmed.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using PeriodicTimer delay = new(ReconnectDelay);
        while (true)
        {
            using Socket socket = new(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(to, cancellationToken);
                await SendAllAsync(socket, cancellationToken);
            }
            catch (SocketException)
            {
                // The service is down or the connection failed. The next connection continues with the unconfirmed messages.
            }

            if (Confirmed == messages)
            {
                return;
            }

            Interlocked.Increment(ref _reconnects);
            await delay.WaitForNextTickAsync(cancellationToken);
        }
    }

    private async Task SendAllAsync(Socket socket, CancellationToken cancellationToken)
    {
        // The start positions of the unconfirmed messages in the stream of this connection.
        Queue<long> begins = new();
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task reading = ReadAsync(socket, begins, ended);
        ArrayBufferWriter<byte> packet = new(64 << 10);
        long position = 0;
        int next = Confirmed;
        try
        {
            while (Confirmed < messages && !ended.IsCancellationRequested)
            {
                if (next == messages || next - Confirmed >= MaxUnconfirmed)
                {
                    using PeriodicTimer pause = new(TimeSpan.FromMilliseconds(1));
                    await pause.WaitForNextTickAsync(cancellationToken);
                    continue;
                }

                packet.ResetWrittenCount();
                for (int count = 0; count < MessagesOfPacket && next < messages; count++)
                {
                    lock (begins)
                    {
                        begins.Enqueue(position);
                    }

                    position += _writer.Write(packet, firstNumber + next++);
                }

                for (ReadOnlyMemory<byte> rest = packet.WrittenMemory; !rest.IsEmpty;)
                {
                    rest = rest[await socket.SendAsync(rest, ended.Token)..];
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The reader has noticed the end of the connection.
        }
        finally
        {
            socket.Dispose();
            await reading;
        }
    }

    private async Task ReadAsync(Socket socket, Queue<long> begins, CancellationTokenSource ended)
    {
        try
        {
            await using NetworkStream stream = new(socket);
            using StreamReader lines = new(stream, Encoding.ASCII);
            while (await lines.ReadLineAsync(ended.Token) is { } line)
            {
                Confirm(begins, long.Parse(line, CultureInfo.InvariantCulture));
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The connection has ended.
        }

        await ended.CancelAsync();
    }

    private void Confirm(Queue<long> begins, long position)
    {
        lock (begins)
        {
            while (begins.TryPeek(out long begin) && begin < position)
            {
                begins.Dequeue();
                Interlocked.Increment(ref _confirmed);
            }
        }

        long stall = Stopwatch.GetElapsedTime(_progress).Ticks;
        _progress = Stopwatch.GetTimestamp();
        Volatile.Write(ref _longestStall, Math.Max(Volatile.Read(ref _longestStall), stall));
    }
}
