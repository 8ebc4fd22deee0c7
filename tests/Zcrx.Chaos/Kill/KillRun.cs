using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zcrx.Chaos.Soak;
using Zcrx.Chaos.Support;

namespace Zcrx.Chaos.Kill;

/// <summary>
/// Kills a receiving process repeatedly. The next process must get the same port and queue at once, and must receive every byte.
/// </summary>
internal static class KillRun
{
    private const int Volume = 64 << 10;

    public static async Task<int> RunAsync(ChaosOptions options, int rounds)
    {
        ISocketSource sockets = ISocketSource.Of(options.SenderNamespace);
        int port = FreePort();
        IPEndPoint endPoint = new(IPAddress.Parse(options.Address), port);
        List<TimeSpan> starts = [];
        int failures = 0;
        for (int i = 0; i < rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using Process victim = Victim.Start(options, port);
            try
            {
                await Victim.WhenReadyAsync(victim).WaitAsync(options.Patience).ConfigureAwait(false);
                starts.Add(Stopwatch.GetElapsedTime(start));
                await Task.WhenAll(Enumerable.Range(0, int.Min(options.Connections, 20)).Select(stream => EchoAsync(endPoint, sockets, stream + 1, options))).ConfigureAwait(false);
                Task[] cutOff = [.. Enumerable.Range(0, 20).Select(stream => FloodAsync(endPoint, sockets, stream + 1))];
                await Task.WhenAny([.. cutOff, Task.Delay(TimeSpan.FromMilliseconds(100 + (50 * i)))]).ConfigureAwait(false);
                victim.Kill();
                // The kill must reset each of these connections.
                await Task.WhenAll(cutOff).WaitAsync(options.Patience).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is TimeoutException or SocketException or InvalidOperationException)
            {
                failures++;
                await Console.Out.WriteLineAsync($"round {i}: {exception}").ConfigureAwait(false);
                victim.Kill();
            }

            // The next process starts without waiting for the end of this one, while the kernel still releases its resources.
        }

        string times = string.Join(", ", starts.Select(static time => time.TotalMilliseconds.ToString("f0", CultureInfo.InvariantCulture)));
        await Console.Out.WriteLineAsync($"start to ready, ms: {times}").ConfigureAwait(false);
        string test = $"kill -9 and restart on the same port and queue, {rounds} times, engine {options.Engine}";
        await Console.Out.WriteLineAsync(failures == 0 ? $"PASS {test}\n1 passed, 0 failed, 0 skipped" : $"FAIL {test} {failures} rounds failed\n0 passed, 1 failed, 0 skipped").ConfigureAwait(false);
        return failures == 0 ? 0 : 1;
    }

    private static async Task EchoAsync(IPEndPoint endPoint, ISocketSource sockets, int stream, ChaosOptions options)
    {
        using Socket socket = sockets.Create();
        await socket.ConnectAsync(endPoint).WaitAsync(options.Patience).ConfigureAwait(false);
        Task sending = SendAsync(socket, stream);
        byte[] buffer = new byte[ChaosBytes.MaxPiece];
        int received = 0;
        while (received < Volume)
        {
            int count = await socket.ReceiveAsync(buffer).WaitAsync(options.Patience).ConfigureAwait(false);
            if (count == 0 || !ChaosBytes.Matches(stream, received, buffer.AsSpan(0, count)))
            {
                throw new InvalidOperationException($"stream {stream} came back wrong at {received}, {count} bytes");
            }

            received += count;
        }

        await sending.ConfigureAwait(false);
    }

    private static async Task SendAsync(Socket socket, int stream)
    {
        for (int sent = 0; sent < Volume;)
        {
            sent += await socket.SendAsync(ChaosBytes.At(stream, sent, int.Min(8192, Volume - sent))).ConfigureAwait(false);
        }
    }

    /// <summary>Sends until the kill resets the connection.</summary>
    private static async Task FloodAsync(IPEndPoint endPoint, ISocketSource sockets, int stream)
    {
        using Socket socket = sockets.Create();
        try
        {
            await socket.ConnectAsync(endPoint).ConfigureAwait(false);
            byte[] answers = new byte[ChaosBytes.MaxPiece];
            long sent = 0;
            while (true)
            {
                sent += await socket.SendAsync(ChaosBytes.At(stream, sent, 4096)).ConfigureAwait(false);
                if (await socket.ReceiveAsync(answers).ConfigureAwait(false) == 0)
                {
                    return;
                }
            }
        }
        catch (SocketException)
        {
            // The kill of the process has reset the connection.
        }
    }

    /// <summary>Returns the number of a port that is free at the moment.</summary>
    public static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
