namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Exchanges datagrams with the kernel. Each member returns a negative errno on failure.</summary>
internal interface INetlinkTransport
{
    /// <summary>Sends one datagram.</summary>
    int Send(ReadOnlySpan<byte> datagram);

    /// <summary>Receives one datagram. Returns −EAGAIN when none arrives before the timeout.</summary>
    /// <param name="buffer">The buffer for the datagram.</param>
    /// <param name="sender">The port id of the sender, which is 0 for the kernel.</param>
    /// <returns>The length of the datagram, even if it exceeds the buffer; or a negative errno.</returns>
    int Receive(Span<byte> buffer, out uint sender);
}
