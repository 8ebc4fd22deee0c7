using System.Net;
using System.Net.Sockets;
using Zcrx.Chaos.Support;

namespace Zcrx.Chaos.Recovery;

/// <summary>Sends single bytes, and continues over a new connection when its stream has broken: on a NIC a byte may be lost with the memory of the queue that died. One caller.</summary>
internal sealed class RecoverySender(ISocketSource sockets, IPEndPoint endPoint, FirstByte observer, TimeSpan patience) : IDisposable
{
    private Socket? _socket;

    /// <summary>Streams that broke.</summary>
    public int Replaced { get; private set; }

    /// <returns>When a byte came, in the stopwatch's ticks.</returns>
    public async Task<long> SendUntilReceivedAsync()
    {
        while (true)
        {
            if (_socket is null)
            {
                _socket = sockets.Create();
                await _socket.ConnectAsync(endPoint).WaitAsync(patience).ConfigureAwait(false);
            }

            try
            {
                await _socket.SendAsync(new byte[1]).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                // The connection was reset. The observer receives that error as well.
            }

            if (await observer.NextAsync().WaitAsync(patience).ConfigureAwait(false) is { } came)
            {
                return came;
            }

            Replaced++;
            _socket.Dispose();
            _socket = null;
        }
    }

    public void Dispose() => _socket?.Dispose();
}
