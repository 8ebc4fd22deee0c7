using System.Net.Sockets;
using Zcrx.Interop.Errors;
using Zcrx.Interop.Processes;

namespace Zcrx.Rx.Takeover;

/// <summary>Represents the connection between the two processes of a takeover. It carries messages with descriptors.</summary>
/// <remarks>
/// Supports one reader and one writer at a time. Invalid data from the other process causes an <see cref="InvalidDataException"/>.
/// </remarks>
internal sealed class TakeoverLink(Socket socket) : IDisposable
{
    public PeerCredentials Peer { get; } = PeerCredentials.Of(socket);

    /// <summary>Sends a message with its descriptors. Sends either all of it or nothing.</summary>
    /// <exception cref="IOException">The other process has closed the connection, or does not read its messages.</exception>
    public void Send(TakeoverMessageType type, byte[] payload, params ReadOnlySpan<int> descriptors)
    {
        if (payload.Length > TakeoverHeader.MaxLength)
        {
            throw new InvalidDataException($"a message of {payload.Length} bytes is too long to be sent");
        }

        byte[] bytes = new byte[TakeoverHeader.Size + payload.Length];
        new TakeoverHeader(TakeoverHeader.CurrentVersion, type, payload.Length, descriptors.Length).Write(bytes);
        payload.CopyTo(bytes, TakeoverHeader.Size);
        int sent = DescriptorPassing.Send(Fd, bytes, descriptors);
        if (sent != bytes.Length)
        {
            // The socket's buffer has room for all messages that the protocol allows. If it is full, the other process has stopped reading.
            throw sent < 0 && !DescriptorPassing.WouldWait(sent) ? Broken(sent) : new IOException("the other process does not read its messages");
        }
    }

    /// <summary>Tells the other process that the takeover has failed. Ignores a failed send.</summary>
    public void Refuse(string reason)
    {
        try
        {
            Send(TakeoverMessageType.Refuse, TakeoverPayload.Write(writer => writer.Write(TakeoverPayload.Fit(reason))));
        }
        catch (IOException)
        {
            // The other process has ended and no longer needs the reason.
        }
    }

    /// <summary>Waits for the next message.</summary>
    /// <returns>The message, owned by the caller; null when the other process has closed the connection.</returns>
    /// <exception cref="InvalidDataException">
    /// The bytes are not a valid message, or the other process refuses the takeover. Received descriptors are closed.
    /// </exception>
    /// <exception cref="IOException">The connection has failed.</exception>
    /// <exception cref="SocketException">The connection has failed while waiting.</exception>
    public async Task<TakeoverMessage?> ReceiveAsync(CancellationToken cancellationToken)
    {
        List<int> descriptors = [];
        try
        {
            byte[] bytes = new byte[TakeoverHeader.Size];
            if (!await FillAsync(bytes, descriptors, mayEnd: true, cancellationToken).ConfigureAwait(false))
            {
                return null;
            }

            TakeoverHeader header = TakeoverHeader.Read(bytes);
            byte[] payload = new byte[header.Length];
            await FillAsync(payload, descriptors, mayEnd: false, cancellationToken).ConfigureAwait(false);
            if (header.Version != TakeoverHeader.CurrentVersion)
            {
                throw new InvalidDataException($"the other process uses version {header.Version} of the protocol, this one version {TakeoverHeader.CurrentVersion}");
            }

            if (descriptors.Count != header.Descriptors)
            {
                throw new InvalidDataException($"a message announces {header.Descriptors} descriptors and brings {descriptors.Count}; is the limit on open files reached?");
            }

            if (header.Type == TakeoverMessageType.Refuse)
            {
                throw new InvalidDataException("the other process refuses: " + TakeoverPayload.Read(payload, TakeoverPayload.ReadText));
            }

            TakeoverMessage message = new(header.Type, payload, descriptors);
            descriptors = [];
            return message;
        }
        finally
        {
            DescriptorPassing.CloseAll(descriptors);
        }
    }

    /// <summary>Waits for the next message, which must have the expected type.</summary>
    /// <inheritdoc cref="ReceiveAsync(CancellationToken)"/>
    public async Task<TakeoverMessage?> ReceiveAsync(TakeoverMessageType expected, CancellationToken cancellationToken)
    {
        TakeoverMessage? message = await ReceiveAsync(cancellationToken).ConfigureAwait(false);
        if (message is not null && message.Type != expected)
        {
            using (message)
            {
                throw new InvalidDataException($"a message of type {(int)message.Type} came where one of type {(int)expected} was expected");
            }
        }

        return message;
    }

    public void Dispose() => socket.Dispose();

    private int Fd => (int)socket.SafeHandle.DangerousGetHandle();

    private async Task<bool> FillAsync(Memory<byte> bytes, List<int> descriptors, bool mayEnd, CancellationToken cancellationToken)
    {
        int filled = 0;
        while (filled < bytes.Length)
        {
            // Reads nothing. Completes when bytes or the end of the connection can be read.
            await socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellationToken).ConfigureAwait(false);
            int received = DescriptorPassing.Receive(Fd, bytes.Span[filled..], descriptors);
            if (received == 0)
            {
                return mayEnd && filled == 0 ? false : throw new InvalidDataException("the other process ended in the middle of a message");
            }

            if (received > 0)
            {
                filled += received;
            }
            else if (!DescriptorPassing.WouldWait(received))
            {
                throw Broken(received);
            }
        }

        return true;
    }

    private static IOException Broken(int result) => new(ErrnoText.Describe(-result));
}
