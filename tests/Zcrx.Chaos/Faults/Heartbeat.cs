using System.Net.Sockets;
using Zcrx.Rx;

namespace Zcrx.Chaos.Faults;

/// <summary>
/// Sends a byte to a peer at intervals, until the connection is closed. Bytes are then unacknowledged when the peer vanishes.
/// </summary>
internal static class Heartbeat
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly byte[] Beat = [1];

    public static async Task SendAsync(ZcrxConnection connection)
    {
        using PeriodicTimer timer = new(Interval);
        try
        {
            while (!connection.Closed.IsCompleted)
            {
                await connection.SendAsync(Beat).ConfigureAwait(false);
                await timer.WaitForNextTickAsync().ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The connection has ended. Its consumer reports the result of the stream.
        }
    }
}
