using System.Net;
using System.Net.Sockets;

namespace Zcrx.Dashboard.Tests.Support;

/// <summary>Represents clients that send continuously at a steady rate. A client whose connection is reset connects again.</summary>
internal sealed class Sender : IAsyncDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _end = new();
    private readonly Task[] _clients;

    public Sender(IPEndPoint endPoint, int clients, int bytes = 16 << 10) =>
        _clients = [.. Enumerable.Range(0, clients).Select(_ => Task.Run(() => KeepSendingAsync(endPoint, bytes)))];

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_clients).Within("the clients end");
        _end.Dispose();
    }

    private async Task KeepSendingAsync(IPEndPoint endPoint, int bytes)
    {
        byte[] payload = new byte[bytes];
        while (!_end.IsCancellationRequested)
        {
            try
            {
                using Socket socket = new(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                using PeriodicTimer pace = new(Pace);
                await socket.ConnectAsync(endPoint, _end.Token);
                while (await pace.WaitForNextTickAsync(_end.Token))
                {
                    await socket.SendAsync(payload, _end.Token);
                }
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                // The connection was reset, or the test has stopped the sender.
            }
        }
    }
}
