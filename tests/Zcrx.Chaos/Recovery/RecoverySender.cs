using System.Net;
using System.Net.Sockets;
using Zcrx.Chaos.Support;

namespace Zcrx.Chaos.Recovery;

/// <summary>Sends single bytes. Continues on a new connection when its stream has failed.</summary>
/// <remarks>On a NIC, a stream fails when a byte is lost with the memory of the failed queue. Threading: one caller.</remarks>
internal sealed class RecoverySender(ISocketSource sockets, IPEndPoint endPoint, FirstByte observer, TimeSpan patience) : IDisposable
{
    private Socket? _socket;

    /// <summary>Gets the number of failed streams.</summary>
    public int Replaced { get; private set; }

    /// <summary>Sends bytes until one is received.</summary>
    /// <returns>The arrival time of the byte, in ticks of the stopwatch.</returns>
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
                // The connection was reset. The observer also receives the error, so NextAsync below returns null.
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
