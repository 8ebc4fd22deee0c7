using System.Globalization;
using System.IO.Enumeration;
using System.Net;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Records which memory holds the bytes that have arrived through an interface and still wait in sockets. Steering a flow to another
/// queue does not move its waiting bytes. Closing a queue loses the waiting bytes in its memory.
/// </summary>
/// <remarks>
/// Covers only the sockets of this process. Reads them each time that the steering changes. Used under the interface's lock.
/// </remarks>
internal sealed class EmulatedBacklog
{
    private readonly Dictionary<ulong, SocketBacklog> _sockets = [];

    /// <summary>Records the memory of all waiting bytes. Called before the steering changes.</summary>
    /// <param name="landsIn">Maps the ends of a connection to the RX queue of its packets, and to the owner of that queue's memory.</param>
    public void Record(Func<IPEndPoint, IPEndPoint, (int RxQueue, EmulatedInterfaceQueue? Owner)> landsIn)
    {
        HashSet<ulong> open = [];
        foreach (int fd in OpenDescriptors())
        {
            // Duplicated descriptors refer to the same socket, which is recorded once.
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
                // The number of bytes is read again, since a ring may have received some after the first read.
                backlog.Add(SocketCalls.BytesWaiting(fd), owner, rxQueue);
            }
        }

        foreach (ulong gone in _sockets.Keys.Where(cookie => !open.Contains(cookie)).ToList())
        {
            _sockets.Remove(gone);
        }
    }

    /// <summary>
    /// Returns the record of the bytes that arrived in a socket before the last change of steering and still wait; null if none exists.
    /// </summary>
    public SocketBacklog? Of(int fd) =>
        _sockets.Count > 0 && SocketCalls.Cookie(fd, out ulong cookie) >= 0 ? _sockets.GetValueOrDefault(cookie) : null;

    private static FileSystemEnumerable<int> OpenDescriptors() => new(
        "/proc/self/fd",
        static (ref FileSystemEntry entry) => int.Parse(entry.FileName, NumberStyles.None, CultureInfo.InvariantCulture));
}
