using System.Runtime.InteropServices;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>
/// Reports changes of network interfaces. One thread watches all interfaces of a network namespace and sleeps until the kernel reports a
/// change.
/// </summary>
/// <remarks>
/// When an interface is removed, the kernel does not end the receives on its queues. The library must therefore detect removals. Threading:
/// any thread.
/// </remarks>
internal sealed unsafe class LinkMonitor : IDisposable
{
    private const int BufferLength = 64 * 1024;

    private static readonly Lock SharedGate = new();
    private static readonly Dictionary<string, (LinkMonitor Monitor, int Users)> Shared = [];

    private readonly NetlinkSocket _socket;
    private readonly NetlinkSession _session;
    private readonly int _stop;
    private readonly Thread _thread;
    private readonly Lock _gate = new();
    private readonly List<LinkWatch> _watches = [];

    /// <summary>Starts a monitor of the network namespace of the calling thread.</summary>
    /// <exception cref="ZcrxException">The process has no free descriptor.</exception>
    public LinkMonitor()
        : this(static () => NetlinkSocket.Open(LinuxNetlink.NETLINK_ROUTE))
    {
    }

    /// <summary>Starts a monitor that uses sockets of the caller. For tests.</summary>
    /// <param name="open">Opens a socket, which the monitor owns.</param>
    internal LinkMonitor(Func<NetlinkSocket> open)
    {
        _socket = open();
        NetlinkSocket? questions = null;
        try
        {
            _socket.Join(LinuxRtnetlink.RTNLGRP_LINK);
            // Open the session's socket now, in this namespace. A later caller of Watch may be in another one.
            questions = open();
            _stop = Libc.EventFd(0, Libc.EFD_CLOEXEC);
            if (_stop < 0)
            {
                throw new ZcrxException("Watching network interfaces", -_stop, "the process has no free descriptor", "Raise the limit on open files (`ulimit -n`)");
            }
        }
        catch
        {
            questions?.Dispose();
            _socket.Dispose();
            throw;
        }

        NetlinkSocket asking = questions;
        _session = new NetlinkSession(_ => asking);
        _thread = new Thread(Run) { IsBackground = true, Name = "zcrx links" };
        _thread.Start();
    }

    /// <summary>
    /// Watches an interface like <see cref="Watch"/>. Uses the monitor that the process has for the calling thread's network namespace. The
    /// monitor ends with its last watch.
    /// </summary>
    public static IDisposable WatchShared(string name, uint index, Action<LinkChange> changed)
    {
        string place = File.ResolveLinkTarget("/proc/thread-self/ns/net", returnFinalTarget: false)?.Name ?? "";
        LinkMonitor monitor;
        lock (SharedGate)
        {
            (LinkMonitor Monitor, int Users) shared = Shared.TryGetValue(place, out var found) ? found : (new LinkMonitor(), 0);
            Shared[place] = (shared.Monitor, shared.Users + 1);
            monitor = shared.Monitor;
        }

        IDisposable watch;
        try
        {
            watch = monitor.Watch(name, index, changed);
        }
        catch
        {
            Leave(place);
            throw;
        }

        return new Ending(() =>
        {
            watch.Dispose();
            Leave(place);
        });
    }

    /// <summary>Reports each later change of an interface. If the interface does not exist, reports that at once.</summary>
    /// <param name="name">The interface's name.</param>
    /// <param name="index">The interface's index. A later interface of the same name has another index.</param>
    /// <param name="changed">Called on the monitor's thread or on the calling thread. Must be quick and must not throw.</param>
    /// <returns>Ends the reports when disposed.</returns>
    public IDisposable Watch(string name, uint index, Action<LinkChange> changed)
    {
        LinkWatch watch = new(name, index, changed);
        lock (_gate)
        {
            _watches.Add(watch);
        }

        // Read the state after the watch was added, so that no change is missed. A concurrent change is reported by the monitor's thread or
        // by this call.
        Refresh(watch);
        return new Ending(() =>
        {
            lock (_gate)
            {
                _watches.Remove(watch);
            }
        });
    }

    /// <summary>Makes the monitor's thread end. The thread closes the sockets.</summary>
    public void Dispose()
    {
        ulong one = 1;
        _ = Libc.Write(_stop, &one, sizeof(ulong));
    }

    private static void Leave(string place)
    {
        lock (SharedGate)
        {
            (LinkMonitor monitor, int users) = Shared[place];
            if (users > 1)
            {
                Shared[place] = (monitor, users - 1);
                return;
            }

            Shared.Remove(place);
            monitor.Dispose();
        }
    }

    private void Run()
    {
        byte[] buffer = new byte[BufferLength];
        while (NetlinkCalls.WaitForEither((int)_socket.DangerousGetHandle(), _stop))
        {
            int length = _socket.Receive(buffer, out uint sender);
            if (length == -Errno.ENOBUFS || length > buffer.Length)
            {
                // Messages were lost, so read the states of all interfaces.
                RefreshAll();
            }
            else if (length > 0 && sender == 0)
            {
                Read(buffer.AsSpan(0, length));
            }
        }

        // All watches were removed before the monitor was disposed, so no watch uses the session.
        _socket.Dispose();
        lock (_session)
        {
            _session.Dispose();
        }

        _ = Libc.Close(_stop);
    }

    private void Read(ReadOnlySpan<byte> datagram)
    {
        NetlinkMessages messages = new(datagram);
        while (messages.TryRead(out NetlinkMessage message))
        {
            // Ignore messages of other families than 0. When a bridge loses a port, the kernel sends a removal with the bridge's family,
            // although the port still exists.
            if (MemoryMarshal.TryRead(message.Payload, out ifinfomsg header) && header.ifi_family == 0 &&
                NetlinkReplies.ReadLink(message, out LinkReply? link))
            {
                foreach (LinkWatch watch in Snapshot())
                {
                    if (watch.Index == link!.Index)
                    {
                        watch.Report(StateOf(link));
                    }
                }
            }
        }
    }

    private void RefreshAll()
    {
        foreach (LinkWatch watch in Snapshot())
        {
            Refresh(watch);
        }
    }

    private void Refresh(LinkWatch watch) => watch.Report(() =>
    {
        // Lock order: the lock of the watch, then _session. While SharedGate or _gate is held, no other lock is taken.
        lock (_session)
        {
            NetlinkOutcome outcome = _session.GetLink(watch.Index, out LinkReply? link);
            return outcome.Error == -Errno.ENODEV ? LinkState.Removed : link is null ? null : StateOf(link);
        }
    });

    private LinkWatch[] Snapshot()
    {
        lock (_gate)
        {
            return [.. _watches];
        }
    }

    private static LinkState StateOf(LinkReply link) => link.IsGone ? LinkState.Removed : link.IsUp ? LinkState.Up : LinkState.Down;
}
