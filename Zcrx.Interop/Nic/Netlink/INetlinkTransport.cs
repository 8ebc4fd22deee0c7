namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Datagrams to the kernel and back; negative errno on failure.</summary>
internal interface INetlinkTransport
{
    /// <summary>Sends one datagram.</summary>
    int Send(ReadOnlySpan<byte> datagram);

    /// <summary>Receives one datagram, or fails with −EAGAIN when none comes for a while.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="sender">Who sent it; 0 is the kernel.</param>
    /// <returns>Its length, also when that is more than the buffer holds.</returns>
    int Receive(Span<byte> buffer, out uint sender);
}
