using System.Net.Sockets;
using System.Text;
using Zcrx.Interop.Kernel;

namespace Zcrx.TestSupport;

/// <summary>Takes an interface in a network namespace down and up. Threading: one thread at a time.</summary>
/// <remarks>It starts no process and opens no descriptor, so it works even while no descriptor is free.</remarks>
internal sealed unsafe class LinkSwitch : IDisposable
{
    private const uint GetFlags = 0x8913; // SIOCGIFFLAGS
    private const uint SetFlags = 0x8914; // SIOCSIFFLAGS
    private const short Up = 1; // IFF_UP

    // struct ifreq consists of the name and a union. The flags are at the start of the union.
    private const int NameLength = 16;
    private const int RequestLength = 40;

    private readonly Socket _socket;
    private readonly byte[] _request = new byte[RequestLength];

    /// <summary>Initializes the switch.</summary>
    /// <param name="namespaceName">The name of the network namespace.</param>
    /// <param name="interfaceName">The name of the interface in this namespace.</param>
    public LinkSwitch(string namespaceName, string interfaceName)
    {
        Assert.InRange(Encoding.ASCII.GetBytes(interfaceName, _request), 1, NameLength - 1);
        // The ioctl acts on the namespace in which this socket was opened.
        _socket = NetworkNamespace.Run(namespaceName, static () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
    }

    /// <summary>Takes the interface up or down.</summary>
    public void Set(bool isUp)
    {
        fixed (byte* request = _request)
        {
            Control(GetFlags, request);
            short* flags = (short*)(request + NameLength);
            *flags = (short)(isUp ? *flags | Up : *flags & ~Up);
            Control(SetFlags, request);
        }
    }

    public void Dispose() => _socket.Dispose();

    private void Control(uint request, void* argument)
    {
        int result = NetlinkCalls.Control((int)_socket.Handle, request, argument);
        Assert.True(result >= 0, $"could not read or set the flags of an interface: errno {-result}");
    }
}
