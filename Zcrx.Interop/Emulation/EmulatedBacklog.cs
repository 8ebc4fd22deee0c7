using System.Globalization;
using System.IO.Enumeration;
using System.Net;

namespace Zcrx.Interop.Emulation;

/// <summary>
/// Records the bytes that have arrived through an interface and wait in sockets, by the memory that they landed in. They stay there when their flow is
/// steered to another queue, and are lost when their queue is closed.
/// </summary>
/// <remarks>Only sockets of this process, which are read when something changes. Used under the interface's lock.</remarks>
internal sealed class EmulatedBacklog
{
    private readonly Dictionary<ulong, SocketBacklog> _sockets = [];

    /// <summary>Records, before a change, that the waiting bytes have landed where their flow has arrived so far.</summary>
    /// <param name="landsIn">Maps the local and the remote end to the RX queue and to the owner of its memory.</param>
    public void Record(Func<IPEndPoint, IPEndPoint, (int RxQueue, EmulatedInterfaceQueue? Owner)> landsIn)
    {
        HashSet<ulong> open = [];
        foreach (int fd in OpenDescriptors())
        {
            // Duplicates refer to the same socket.
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
                // Read again, since a ring may have read in between.
                backlog.Add(SocketCalls.BytesWaiting(fd), owner, rxQueue);
            }
        }

        foreach (ulong gone in _sockets.Keys.Where(cookie => !open.Contains(cookie)).ToList())
        {
            _sockets.Remove(gone);
        }
    }

    /// <summary>Returns what has waited in a socket since before the last change; null when nothing has.</summary>
    public SocketBacklog? Of(int fd) =>
        _sockets.Count > 0 && SocketCalls.Cookie(fd, out ulong cookie) >= 0 ? _sockets.GetValueOrDefault(cookie) : null;

    private static FileSystemEnumerable<int> OpenDescriptors() => new(
        "/proc/self/fd",
        static (ref FileSystemEntry entry) => int.Parse(entry.FileName, NumberStyles.None, CultureInfo.InvariantCulture));
}
