using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Differential;

/// <summary>
/// Represents a connection of a program: the bytes sent, the bytes received, and the expected content of the receiving socket.
/// </summary>
internal sealed class Connection : IDisposable
{
    private readonly TcpPair _pair;
    private readonly int _observer;
    private int _stalledBytes = -1;
    private bool _stalledAtEnd;

    public Connection(TcpPair pair)
    {
        _pair = pair;
        // With TCP_NODELAY, a small piece does not wait for the acknowledgement of the previous one.
        Posix.SetNoDelay(_pair.Client);
        // This duplicate shows the state of the receiving socket even after the program has closed its descriptor.
        _observer = Posix.Duplicate(_pair.Server);
    }

    /// <summary>Gets the receiving descriptor, or −1 when it was closed.</summary>
    public int Server => _pair.Server;

    public long Sent => _pair.Sent;

    public long Received { get; set; }

    public bool HasSenderEnded { get; private set; }

    public bool IsReset { get; private set; }

    public bool HasReceiverEnded { get; private set; }

    /// <summary>Gets or sets the latest request. At most one request is active at a time.</summary>
    public ReceiveRequest? Request { get; set; }

    public int BytesWaiting => Posix.BytesWaiting(_observer);

    /// <summary>
    /// Gets a value that indicates whether everything that the sender has sent is at the receiving socket, including its end or reset.
    /// </summary>
    public bool HasArrived =>
        IsReset ? Posix.PollNow(_observer, Posix.POLLHUP) != 0 : Received + BytesWaiting == Sent && (!HasSenderEnded || Posix.PollNow(_observer, Posix.POLLRDHUP) != 0);

    /// <summary>
    /// Gets a value that indicates whether the active request should complete, because its socket has unread bytes or has ended. A request
    /// that is marked as stranded is not due.
    /// </summary>
    public bool IsRequestDue
    {
        get
        {
            if (Request is not { IsActive: true })
            {
                return false;
            }

            int waiting = BytesWaiting;
            bool ended = IsEnded;
            return (waiting > 0 || ended) && !(waiting == _stalledBytes && ended == _stalledAtEnd);
        }
    }

    private bool IsEnded => HasSenderEnded || IsReset || HasReceiverEnded;

    public void Send(int bytes) => _pair.Send(bytes);

    /// <summary>Sends as many bytes as fit now.</summary>
    public void SendSome(int bytes) => _pair.SendSome(bytes);

    public void EndSending()
    {
        HasSenderEnded = true;
        _pair.EndSending();
    }

    public void Reset()
    {
        IsReset = true;
        _pair.Reset();
    }

    public void EndReceiving()
    {
        HasReceiverEnded = true;
        Posix.Shutdown(_pair.Server, Posix.SHUT_RD);
    }

    public void CloseReceiver() => _pair.CloseServer();

    /// <summary>Marks the request as stranded: kernels before 7.2.10 complete it only when more bytes arrive.</summary>
    public void MarkStalled() => (_stalledBytes, _stalledAtEnd) = (BytesWaiting, IsEnded);

    /// <summary>Reads the bytes that no request has received, without the kernel under test.</summary>
    /// <returns>The number of bytes, or −1 when they are wrong.</returns>
    public int Drain()
    {
        byte[] rest = new byte[BytesWaiting];
        int read = Posix.ReceiveNow(_observer, rest);
        return read < 0 ? 0 : Pattern.IsAt(rest.AsSpan(0, read), Received) ? read : -1;
    }

    public void Dispose()
    {
        _pair.Dispose();
        Posix.Close(_observer);
    }
}
