namespace Zcrx.Conformance.Support;

/// <summary>
/// Represents a TCP connection over loopback. The ring receives from <see cref="Server"/>, and the test sends with <see cref="Client"/>.
/// </summary>
internal sealed class TcpPair : IDisposable
{
    private int _server;
    private int _client;

    public TcpPair(int? receiveBuffer = null, int? sendBuffer = null)
    {
        (int listener, ushort port) = Posix.Listen();
        if (receiveBuffer is { } size)
        {
            // The accepted socket inherits the size from the listener. If it were set later, the first window would be larger.
            Posix.SetOption(listener, Posix.SO_RCVBUF, size);
        }

        _client = Posix.Connect(port);
        _server = Posix.Accept(listener);
        Posix.Close(listener);
        if (sendBuffer is { } sendSize)
        {
            Posix.SetOption(_client, Posix.SO_SNDBUF, sendSize);
        }
    }

    private TcpPair(int server, int client, long sent) => (_server, _client, Sent) = (server, client, sent);

    public int Server => _server;

    public int Client => _client;

    /// <summary>Gets the number of bytes sent so far, which is the position of the next byte of the pattern.</summary>
    public long Sent { get; private set; }

    /// <summary>
    /// Creates a pair from an existing connection over which nothing was sent. The pair owns both descriptors from then on.
    /// </summary>
    public static TcpPair Of(int server, int client) => new(server, client, sent: 0);

    /// <summary>Sends the next bytes of the pattern, which must fit into the socket buffers.</summary>
    public void Send(int count)
    {
        byte[] data = new byte[count];
        Pattern.Fill(data, Sent);
        int done = 0;
        Deadline.Until(
            () =>
            {
                int sent = Posix.SendNow(_client, data.AsSpan(done));
                done += int.Max(sent, 0);
                return done == count;
            },
            $"{count} bytes fit into the socket");
        Sent += count;
    }

    /// <summary>Sends as many of the next bytes of the pattern as fit now.</summary>
    /// <returns>The number of bytes sent.</returns>
    public int SendSome(int count)
    {
        byte[] data = new byte[count];
        Pattern.Fill(data, Sent);
        int sent = int.Max(Posix.SendNow(_client, data), 0);
        Sent += sent;
        return sent;
    }

    /// <summary>Waits until the receiving socket holds this number of unread bytes.</summary>
    public void AwaitArrival(int bytes) => Deadline.Until(() => Posix.BytesWaiting(_server) >= bytes, $"{bytes} bytes have arrived");

    public void EndSending() => Posix.Shutdown(_client, Posix.SHUT_WR);

    public void CloseClient() => Close(ref _client);

    public void CloseServer() => Close(ref _server);

    /// <summary>Ends the connection with a reset.</summary>
    public void Reset()
    {
        Posix.ResetOnClose(_client);
        CloseClient();
    }

    /// <summary>Makes both ends send a reset when they are closed.</summary>
    public void ResetOnClose()
    {
        foreach (int fd in new[] { _client, _server })
        {
            if (fd >= 0)
            {
                Posix.ResetOnClose(fd);
            }
        }
    }

    public void Dispose()
    {
        CloseClient();
        CloseServer();
    }

    private static void Close(ref int fd)
    {
        if (fd >= 0)
        {
            Posix.Close(fd);
            fd = -1;
        }
    }
}
