using Microsoft.Win32.SafeHandles;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents a netlink socket in the network namespace of the thread that opens it.</summary>
internal sealed unsafe class NetlinkSocket : SafeHandleMinusOneIsInvalid, INetlinkTransport
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private NetlinkSocket(int fd)
        : base(ownsHandle: true) => SetHandle(fd);

    /// <summary>Opens a socket for requests and their answers.</summary>
    /// <param name="protocol">The protocol, as one of <c>NETLINK_*</c>.</param>
    /// <exception cref="ZcrxException">This kernel does not have the protocol, or this process has no free descriptor.</exception>
    public static NetlinkSocket Open(int protocol)
    {
        int fd = NetlinkCalls.Socket(NetlinkCalls.AF_NETLINK, NetlinkCalls.SOCK_RAW, protocol);
        if (fd < 0)
        {
            throw NetlinkErrors.Explain("Opening a netlink socket", null, fd, null);
        }

        NetlinkSocket result = new(fd);
        sockaddr_nl any = new() { nl_family = NetlinkCalls.AF_NETLINK };
        int bound = NetlinkCalls.Bind(fd, &any);
        if (bound < 0)
        {
            result.Dispose();
            throw NetlinkErrors.Explain("Binding a netlink socket", null, bound, null);
        }

        // The results are ignored. A kernel without these options reports errors without a text.
        _ = NetlinkCalls.SetOption(fd, NetlinkCalls.SOL_NETLINK, LinuxNetlink.NETLINK_EXT_ACK, 1);
        _ = NetlinkCalls.SetOption(fd, NetlinkCalls.SOL_NETLINK, LinuxNetlink.NETLINK_CAP_ACK, 1);
        _ = NetlinkCalls.SetReceiveTimeout(fd, Timeout);
        return result;
    }

    /// <summary>Joins a multicast group, so that the socket receives its messages.</summary>
    /// <param name="group">The group, as one of <c>RTNLGRP_*</c>.</param>
    public void Join(int group)
    {
        int result = NetlinkCalls.SetOption(DangerousGetFd(), NetlinkCalls.SOL_NETLINK, LinuxNetlink.NETLINK_ADD_MEMBERSHIP, group);
        if (result < 0)
        {
            throw NetlinkErrors.Explain("Joining a netlink group", null, result, null);
        }
    }

    /// <inheritdoc/>
    public int Send(ReadOnlySpan<byte> datagram) => NetlinkCalls.Send(DangerousGetFd(), datagram);

    /// <inheritdoc/>
    public int Receive(Span<byte> buffer, out uint sender) => NetlinkCalls.Receive(DangerousGetFd(), buffer, out sender);

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Libc.Close((int)handle) == 0;

    // Safe, because one thread at a time uses and disposes this object. The descriptor cannot be closed during a call.
    private int DangerousGetFd() => (int)DangerousGetHandle();
}
