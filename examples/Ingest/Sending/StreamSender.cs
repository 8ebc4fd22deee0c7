using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Ingest.Values;

namespace Ingest.Sending;

/// <summary>Sends one stream over one connection and hashes the sent bytes.</summary>
internal static class StreamSender
{
    private const int ChunkSize = 64 * 1024;

    public static async Task<SentStream> SendAsync(EndPoint to, IStreamSource source, long? pace, CancellationToken ending, CancellationToken cancellationToken)
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] chunk = ArrayPool<byte>.Shared.Rent(ChunkSize);
        IPEndPoint? local = null;
        long sent = 0;
        long start = Stopwatch.GetTimestamp();
        try
        {
            await socket.ConnectAsync(to, cancellationToken);
            local = Plain(socket.LocalEndPoint);
            while (sent < source.Length && !ending.IsCancellationRequested)
            {
                int count = source.Read(sent, chunk);
                hash.AppendData(chunk, 0, count);
                await SendAllAsync(socket, chunk.AsMemory(0, count), cancellationToken);
                sent += count;
                if (pace is { } bytesPerSecond)
                {
                    await Pace.KeepAsync(sent, bytesPerSecond, start, cancellationToken);
                }
            }

            socket.Shutdown(SocketShutdown.Send);
            await AwaitEndAsync(socket, chunk, cancellationToken);
            return new SentStream(local, sent, Convert.ToHexStringLower(hash.GetHashAndReset()), null);
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return new SentStream(local, sent, "", exception.Message.ReplaceLineEndings(" "));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private static async ValueTask SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancellationToken)..];
        }
    }

    /// <summary>
    /// Waits until the receiver closes the connection. The receiver closes it after it has received everything,
    /// and resets it after a failure.
    /// </summary>
    private static async ValueTask AwaitEndAsync(Socket socket, byte[] buffer, CancellationToken cancellationToken)
    {
        while (await socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken) > 0)
        {
            // Discards replies, because only the end of the connection matters here.
        }
    }

    /// <summary>
    /// Converts an IPv4-mapped IPv6 address to plain IPv4. Dual-mode sockets report mapped addresses, and the receiver reports plain ones.
    /// </summary>
    private static IPEndPoint? Plain(EndPoint? endPoint) => endPoint is IPEndPoint { Address.IsIPv4MappedToIPv6: true } mapped
        ? new IPEndPoint(mapped.Address.MapToIPv4(), mapped.Port)
        : endPoint as IPEndPoint;
}
