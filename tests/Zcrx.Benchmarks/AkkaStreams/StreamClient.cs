using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Zcrx.Benchmarks.AkkaStreams;

/// <summary>Sends frames on several connections and receives the answers. Blocking sockets on threads, the cheapest there is.</summary>
internal static class StreamClient
{
    /// <summary>Returns frames of a length, with the 4 bytes of their prefix.</summary>
    public static byte[] Frames(int count, int length)
    {
        byte[] frames = new byte[count * length];
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(frames.AsSpan(i * length), length - 4);
        }

        return frames;
    }

    /// <summary>Sends bytes on every connection, and receives an answer for each frame.</summary>
    /// <returns>The seconds from the first byte to the last answer.</returns>
    public static async Task<double> RunAsync(IPEndPoint server, int connections, long bytes, byte[] piece, int frame, int answer)
    {
        Socket[] sockets = new Socket[connections];
        for (int i = 0; i < connections; i++)
        {
            sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await sockets[i].ConnectAsync(server);
        }

        long start = Stopwatch.GetTimestamp();
        Task<bool>[] sending = [.. sockets.Select(socket => OnThread(() => Send(socket, bytes, piece)))];
        Task<long>[] receiving = [.. sockets.Select(socket => OnThread(() => Receive(socket, bytes / frame * answer)))];
        await Task.WhenAll(sending);
        long[] received = await Task.WhenAll(receiving);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Array.ForEach(sockets, static socket => socket.Dispose());
        return received.All(total => total == bytes / frame * answer) ? seconds : throw new InvalidOperationException("A connection ended before all answers had arrived.");
    }

    private static Task<T> OnThread<T>(Func<T> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static bool Send(Socket socket, long bytes, byte[] piece)
    {
        // Whole frames, wherever the pieces end.
        while (bytes > 0)
        {
            bytes -= socket.Send(piece, 0, (int)long.Min(bytes, piece.Length), SocketFlags.None);
        }

        return true;
    }

    private static long Receive(Socket socket, long bytes)
    {
        byte[] buffer = new byte[256 * 1024];
        long total = 0;
        while (total < bytes && socket.Receive(buffer) is > 0 and var received)
        {
            total += received;
        }

        return total;
    }
}
