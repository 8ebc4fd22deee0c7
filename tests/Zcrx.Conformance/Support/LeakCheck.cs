using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Zcrx.Conformance.Support;

/// <summary>
/// Checks, as a class fixture, that the tests of a class leave no descriptor, mapping or pinned page behind. The kernel closes rings in the
/// background, so the check waits.
/// </summary>
public sealed class LeakCheck : IDisposable
{
    private readonly List<string> _descriptors = Descriptors();
    private readonly long _mapped = NotInheritedBytes();
    private readonly long _pinned = PinnedKilobytes();

    // The runtime opens an epoll instance with the first socket operation and keeps it open. This constructor opens it before descriptors
    // are counted.
    static LeakCheck()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using var stop = new CancellationTokenSource();
        _ = socket.ReceiveAsync(new byte[1], SocketFlags.None, stop.Token).AsTask();
        stop.Cancel();
    }

    public void Dispose()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Deadline.Watch watch = Deadline.Start(
            $"all resources are released; before: {_descriptors.Count} descriptors, {_mapped} bytes of areas and regions, {_pinned} kB pinned");
        while (Descriptors().Count > _descriptors.Count || NotInheritedBytes() > _mapped || PinnedKilobytes() > _pinned)
        {
            watch.Check(() => $"now: {Descriptors().Count} descriptors, {NotInheritedBytes()} bytes, {PinnedKilobytes()} kB; " +
                $"new are {string.Join(' ', Descriptors().Except(_descriptors))}");
            FreeConsumedPackets();
            Thread.Yield();
        }
    }

    // The processor that received a packet also frees it. If another processor has read the packet, it is freed only with the next packet
    // that the first processor receives. Until then, it keeps the area pinned.
    private static void FreeConsumedPackets()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        // A socket that sends to itself affects no other process, and no ICMP error returns.
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Posix.OnEachProcessor(() => socket.SendTo([0], socket.LocalEndPoint!));
    }

    /// <summary>
    /// Returns the open descriptors except files and pipes. The runtime opens files and pipes at any time, for assemblies and signals.
    /// </summary>
    private static List<string> Descriptors()
    {
        List<string> open = [];
        foreach (string path in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            if (new FileInfo(path).LinkTarget is { } target && !target.StartsWith('/') && !target.StartsWith("pipe:", StringComparison.Ordinal))
            {
                open.Add(target);
            }
        }

        return open;
    }

    /// <summary>
    /// Returns the size of all anonymous mappings that child processes do not inherit. Only areas and regions are such mappings.
    /// </summary>
    private static long NotInheritedBytes()
    {
        long bytes = 0;
        long size = 0;
        bool isAnonymous = false;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            if (char.IsAsciiHexDigitLower(line[0]))
            {
                isAnonymous = !line.Contains('/', StringComparison.Ordinal);
            }
            else if (line.StartsWith("Size:", StringComparison.Ordinal))
            {
                size = Kilobytes(line) * 1024;
            }
            else if (isAnonymous && line.StartsWith("VmFlags:", StringComparison.Ordinal) && line.Contains(" dc", StringComparison.Ordinal))
            {
                bytes += size;
            }
        }

        return bytes;
    }

    /// <summary>Returns the amount of memory that the kernel has pinned. It remains high while a queue is not torn down.</summary>
    private static long PinnedKilobytes() =>
        Kilobytes(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmPin:", StringComparison.Ordinal)));

    private static long Kilobytes(string line) =>
        long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
