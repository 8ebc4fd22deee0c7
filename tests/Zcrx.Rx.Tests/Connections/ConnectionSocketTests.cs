using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Connections;

/// <summary>Tests what the kernel reports about the end of a connection through its socket.</summary>
public sealed class ConnectionSocketTests : IDisposable
{
    private readonly Socket _peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConnectionSocket _socket;

    public ConnectionSocketTests()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _peer.Connect(listener.LocalEndPoint!);
        _socket = new ConnectionSocket(listener.Accept());
    }

    public void Dispose()
    {
        _peer.Dispose();
        _socket.Close(abort: true);
    }

    [Fact]
    public async Task IsDisconnected_after_a_reset_is_true_and_the_error_is_pending_once()
    {
        Assert.False(_socket.IsDisconnected);

        Reset();

        await Deadline.UntilAsync(() => _socket.IsDisconnected, "the reset arrives");
        Assert.Equal(Errno.ECONNRESET, _socket.TakeError());
        Assert.Equal(0, _socket.TakeError());
    }

    [Fact]
    public async Task IsDisconnected_after_a_FIN_alone_is_false_and_no_error_is_pending()
    {
        _peer.Shutdown(SocketShutdown.Send);

        await Deadline.UntilAsync(() => _socket.HasSomething, "the FIN arrives");
        Assert.False(_socket.IsDisconnected);
        Assert.Equal(0, _socket.TakeError());
    }

    [Fact]
    public async Task IsDisconnected_after_a_FIN_and_a_reset_is_true_and_the_pending_error_is_EPIPE()
    {
        _peer.Shutdown(SocketShutdown.Send);
        await Deadline.UntilAsync(() => _socket.HasSomething, "the FIN arrives");

        Reset();

        await Deadline.UntilAsync(() => _socket.IsDisconnected, "the reset arrives");
        Assert.Equal(Errno.EPIPE, _socket.TakeError());
    }

    private void Reset()
    {
        _peer.LingerState = new LingerOption(true, 0);
        _peer.Dispose();
    }
}
