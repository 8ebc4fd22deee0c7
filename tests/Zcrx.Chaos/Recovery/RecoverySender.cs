using System.Net;
using System.Net.Sockets;
using Zcrx.Chaos.Support;

namespace Zcrx.Chaos.Recovery;

/// <summary>Sends single bytes over one connection. Opens a new one when the stream has failed.</summary>
/// <remarks>On a NIC, a byte may be lost with the memory of the failed queue, and the stream then fails. Threading: one caller.</remarks>
internal sealed class RecoverySender(ISocketSource sockets, IPEndPoint endPoint, FirstByte observer, TimeSpan patience) : IDisposable
{
    private Socket? _socket;

    /// <summary>Gets the number of connections that were replaced because their stream had failed.</summary>
    public int Replaced { get; private set; }

    /// <summary>Sends bytes, one at a time, until one of them is received.</summary>
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
                // The connection was reset. The observer has received the error, so NextAsync below returns null.
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
