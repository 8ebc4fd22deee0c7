using System.Globalization;
using System.IO.Enumeration;
using System.Net;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// What has come in through an interface and waits in sockets, by the memory that it landed in: there it stays when its flow is steered elsewhere,
/// and with a queue that is closed it is lost.
/// </summary>
/// <remarks>Sockets are this process's own; they are looked at only when something changes. Used under the interface's lock.</remarks>
internal sealed class EmulatedBacklog
{
    private readonly Dictionary<ulong, SocketBacklog> _sockets = [];

    /// <summary>Before something changes: what waits now has landed where its flow has arrived so far.</summary>
    /// <param name="landsIn">From our end and the peer's to the RX queue, and to whoever owns its memory.</param>
    public void Record(Func<IPEndPoint, IPEndPoint, (int RxQueue, EmulatedInterfaceQueue? Owner)> landsIn)
    {
        HashSet<ulong> open = [];
        foreach (int fd in OpenDescriptors())
        {
            // Duplicates stand for the same socket.
            if (SocketCalls.BytesWaiting(fd) == 0 || SocketCalls.Option(fd, SocketCalls.SO_PROTOCOL) != SocketCalls.IPPROTO_TCP ||
                SocketCalls.Cookie(fd, out ulong cookie) < 0 || !open.Add(cookie) ||
                SocketCalls.LocalEndPoint(fd) is not { } local || SocketCalls.RemoteEndPoint(fd) is not { } remote)
            {
                continue;
            }

            if (!_sockets.TryGetValue(cookie, out SocketBacklog? backlog))
            {
                _sockets.Add(cookie, backlog = new SocketBacklog());
            }

            (int rxQueue, EmulatedInterfaceQueue? owner) = landsIn(local, remote);
            using (backlog.Enter())
            {
                // Looked at once more: a ring may have read in between.
                backlog.Add(SocketCalls.BytesWaiting(fd), owner, rxQueue);
            }
        }

        foreach (ulong gone in _sockets.Keys.Where(cookie => !open.Contains(cookie)).ToList())
        {
            _sockets.Remove(gone);
        }
    }

    /// <summary>What waits in a socket since before the last change; null when nothing does.</summary>
    public SocketBacklog? Of(int fd) =>
        _sockets.Count > 0 && SocketCalls.Cookie(fd, out ulong cookie) >= 0 ? _sockets.GetValueOrDefault(cookie) : null;

    private static FileSystemEnumerable<int> OpenDescriptors() => new(
        "/proc/self/fd",
        static (ref FileSystemEntry entry) => int.Parse(entry.FileName, NumberStyles.None, CultureInfo.InvariantCulture));
}
