namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Exchanges datagrams with the kernel. Each member returns a negative errno on failure.</summary>
internal interface INetlinkTransport
{
    /// <summary>Sends one datagram.</summary>
    int Send(ReadOnlySpan<byte> datagram);

    /// <summary>Receives one datagram, or fails with −EAGAIN after a timeout.</summary>
    /// <param name="buffer">The buffer for the datagram.</param>
    /// <param name="sender">The sender's port id; 0 is the kernel.</param>
    /// <returns>The length of the datagram, even if it exceeds the buffer.</returns>
    int Receive(Span<byte> buffer, out uint sender);
}
