using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Answers;

/// <summary>
/// Represents both ends of bulk transfers through a proxy: clients that send, and a server that counts bytes. Both use threads with
/// blocking sockets, because these cost the least CPU time.
/// </summary>
internal sealed class Sink : IDisposable
{
    private const int Piece = 256 * 1024;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public Sink()
    {
        _listener.Bind(LoopbackListener.AnyPort);
        _listener.Listen(LoopbackListener.Backlog);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    /// <summary>Sends bytes through a proxy, in equal parts over several connections.</summary>
    /// <returns>The number of seconds from the first byte to the end of the last connection.</returns>
    public async Task<double> TransferAsync(IPEndPoint proxy, int connections, long volume)
    {
        long received = 0;
        Task[] receiving = [.. Enumerable.Range(0, connections).Select(_ => OnThread(() => Interlocked.Add(ref received, Receive())))];
        Socket[] clients = new Socket[connections];
        for (int i = 0; i < connections; i++)
        {
            clients[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await clients[i].ConnectAsync(proxy);
        }

        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(clients.Select(client => OnThread(() => Send(client, volume / connections))));
        await Task.WhenAll(receiving);
        return received == volume
            ? Stopwatch.GetElapsedTime(start).TotalSeconds
            : throw new InvalidOperationException($"{received} of {volume} bytes have passed the proxy.");
    }

    public void Dispose() => _listener.Dispose();

    private static Task OnThread(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void Send(Socket client, long volume)
    {
        using (client)
        {
            byte[] piece = new byte[Piece];
            while (volume > 0)
            {
                volume -= client.Send(piece, 0, (int)long.Min(volume, Piece), SocketFlags.None);
            }

            client.Shutdown(SocketShutdown.Send);
            // Waits for the end of the stream: the server has closed its end, and the proxy has forwarded that.
            _ = client.Receive(piece);
        }
    }

    private long Receive()
    {
        using Socket socket = _listener.Accept();
        byte[] piece = new byte[Piece];
        long total = 0;
        int received;
        while ((received = socket.Receive(piece)) > 0)
        {
            total += received;
        }

        return total;
    }
}
