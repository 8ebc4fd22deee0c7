using System.Globalization;
using System.IO.Enumeration;
using System.Net;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Records, for the unread bytes that arrived through an interface, in which queue's memory they are. A change of steering does not move
/// these bytes. When that queue closes, they are lost.
/// </summary>
/// <remarks>
/// Covers only the sockets of this process. Looks at all of them before each change of the steering. Used under the interface's lock.
/// </remarks>
internal sealed class EmulatedBacklog
{
    private readonly Dictionary<ulong, SocketBacklog> _sockets = [];

    /// <summary>Records the memory of all unread bytes. Called before the steering changes.</summary>
    /// <param name="landsIn">
    /// Maps the local and the remote end point of a connection to its RX queue, and to the interface queue into whose memory the RX queue
    /// receives.
    /// </param>
    public void Record(Func<IPEndPoint, IPEndPoint, (int RxQueue, EmulatedInterfaceQueue? Owner)> landsIn)
    {
        HashSet<ulong> open = [];
        foreach (int fd in OpenDescriptors())
        {
            // Several descriptors may refer to the same socket. It is recorded once.
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
                // The number of bytes is read again, since a ring may have received some of them after the check above.
                backlog.Add(SocketCalls.BytesWaiting(fd), owner, rxQueue);
            }
        }

        foreach (ulong gone in _sockets.Keys.Where(cookie => !open.Contains(cookie)).ToList())
        {
            _sockets.Remove(gone);
        }
    }

    /// <summary>
    /// Returns the record of a socket's unread bytes that arrived before the last change of steering; null if there is none.
    /// </summary>
    public SocketBacklog? Of(int fd) =>
        _sockets.Count > 0 && SocketCalls.Cookie(fd, out ulong cookie) >= 0 ? _sockets.GetValueOrDefault(cookie) : null;

    private static FileSystemEnumerable<int> OpenDescriptors() => new(
        "/proc/self/fd",
        static (ref FileSystemEntry entry) => int.Parse(entry.FileName, NumberStyles.None, CultureInfo.InvariantCulture));
}
