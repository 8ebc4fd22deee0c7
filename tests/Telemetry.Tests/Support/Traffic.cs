using System.Net;
using System.Net.Sockets;

namespace Telemetry.Tests.Support;

/// <summary>Represents clients that send continuously at a steady rate. A client whose connection is reset connects again.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    private readonly CancellationTokenSource _end = new();
    private readonly Task[] _clients;
    private long _sent;
    private int _resets;

    public Traffic(IPEndPoint endPoint, int clients)
    {
        _clients = [.. Enumerable.Range(0, clients).Select(_ => Task.Run(() => KeepSendingAsync(endPoint)))];
    }

    /// <summary>Gets the number of bytes that the kernel has accepted from all clients.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Gets the number of connections that were reset.</summary>
    public int Resets => Volatile.Read(ref _resets);

    /// <summary>Ends the streams of all clients without a reset.</summary>
    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_clients).WaitAsync(Deadline.Limit);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _end.Dispose();
    }

    private async Task KeepSendingAsync(IPEndPoint endPoint)
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                await SendAsync(endPoint);
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
            }
            catch (SocketException)
            {
                Interlocked.Increment(ref _resets);
            }
        }
    }

    private async Task SendAsync(IPEndPoint endPoint)
    {
        using Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using PeriodicTimer pace = new(Pace);
        await socket.ConnectAsync(endPoint, _end.Token);
        byte[] bytes = new byte[64 * 1024];
        while (await pace.WaitForNextTickAsync(_end.Token))
        {
            Interlocked.Add(ref _sent, await socket.SendAsync(bytes, _end.Token));
        }
    }
}
