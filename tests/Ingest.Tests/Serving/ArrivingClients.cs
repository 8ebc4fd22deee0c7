using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Ingest.Tests.Support;

namespace Ingest.Tests.Serving;

/// <summary>
/// Represents clients that arrive continuously, a hundred at the same time. Each sends a stream of its own, and waits until the receiver
/// closes the connection.
/// </summary>
internal sealed class ArrivingClients : IAsyncDisposable
{
    private const int LongestStream = 48 * 1024;
    private const int LongestPiece = 16 * 1024;

    private readonly IPEndPoint _to;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _clients;
    private int _streams;

    public ArrivingClients(IPEndPoint to, int count)
    {
        _to = to;
        _clients = [.. Enumerable.Range(0, count).Select(_ => Task.Run(ComeAgainAndAgainAsync))];
    }

    /// <summary>Gets the SHA-256 of each stream that was sent completely and whose connection the receiver has closed in order.</summary>
    public ConcurrentBag<string> Sent { get; } = [];

    /// <summary>Gets the failures. A failure is a connection that was refused, reset or closed too early.</summary>
    public ConcurrentBag<string> Failures { get; } = [];

    /// <summary>Waits until this number of further streams was confirmed.</summary>
    public Task MoreAsync(int streams, Func<string> describe)
    {
        int before = Sent.Count;
        return Deadline.UntilAsync(() => Sent.Count >= before + streams || !Failures.IsEmpty, () => $"{streams} more streams; {Sent.Count - before} came\n{describe()}");
    }

    /// <summary>Starts no further clients, and waits for those that are connected.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Deadline.Within(Task.WhenAll(_clients));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task ComeAgainAndAgainAsync()
    {
        while (!_stop.IsCancellationRequested && Failures.IsEmpty)
        {
            string step = "connecting";
            try
            {
                Random random = new(Interlocked.Increment(ref _streams));
                byte[] stream = new byte[random.Next(1, LongestStream)];
                random.NextBytes(stream);
                using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await Deadline.Within(socket.ConnectAsync(_to));
                step = "sending";
                for (int sent = 0; sent < stream.Length;)
                {
                    int piece = int.Min(random.Next(1, LongestPiece), stream.Length - sent);
                    sent += await Deadline.Within(socket.SendAsync(stream.AsMemory(sent, piece)).AsTask());
                }

                socket.Shutdown(SocketShutdown.Send);
                step = "waiting for the end";
                Assert.Equal(0, await Deadline.Within(socket.ReceiveAsync(new byte[1])));
                Sent.Add(Convert.ToHexString(SHA256.HashData(stream)));
            }
#pragma warning disable CA1031 // The test checks the failures of all clients.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Failures.Add($"{step}: {exception.Message}");
            }
        }
    }
}
