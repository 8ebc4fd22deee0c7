using System.Net;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Rx.Listening;

namespace Zcrx.Rx;

/// <summary>Creates listening sockets. Errors name the cause and the fix.</summary>
public static class ListenSocket
{
    /// <summary>Creates a TCP socket that listens on an address.</summary>
    /// <param name="endPoint">The local address. With port 0, the kernel chooses a port. <c>[::]</c> also accepts IPv4 connections.</param>
    /// <param name="options">The options of the listener; null for the defaults.</param>
    /// <returns>The listening socket, owned by the caller.</returns>
    /// <exception cref="ZcrxConfigurationException">The options are invalid. No socket was created.</exception>
    /// <exception cref="ZcrxException">The address is in use, does not belong to this machine, or is not permitted.</exception>
    public static Socket Bind(IPEndPoint endPoint, ZcrxListenOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        options ??= new ZcrxListenOptions();
        ZcrxConfigurationException.ThrowIfAny(options.Validate());
        Socket? socket = null;
        try
        {
            socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (endPoint.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            SocketSettings.ApplyBeforeBind(socket, options);
            socket.Bind(endPoint);
            socket.Listen(options.Backlog);
            socket.Blocking = false;
            return socket;
        }
        catch (SocketException exception)
        {
            socket?.Dispose();
            throw Explain(endPoint, exception);
        }
        catch
        {
            // ConfigureSocket, a callback of the application, has thrown an exception.
            socket?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Sets the options that accepted connections inherit, on a socket that already listens. Such a socket may come from another process.
    /// </summary>
    /// <param name="socket">The listening socket.</param>
    /// <param name="options">
    /// The options. The address options, the backlog and <see cref="ZcrxListenOptions.ConfigureSocket"/> are ignored.
    /// </param>
    /// <exception cref="SocketException">The kernel refused an option.</exception>
    public static void Configure(Socket socket, ZcrxListenOptions options)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentNullException.ThrowIfNull(options);
        SocketSettings.ApplyInherited(socket, options);
    }

    private static ZcrxException Explain(IPEndPoint endPoint, SocketException exception)
    {
        string operation = $"Listening on {endPoint}";
        int errno = exception.NativeErrorCode;
        return exception.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => new ZcrxException(operation, errno, "another socket listens there", $"Choose another port, or find the owner with `ss -ltnp 'sport = :{endPoint.Port}'`", exception),
            SocketError.AddressNotAvailable => new ZcrxException(operation, errno, "no interface of this machine has that address", "List the addresses with `ip address` and correct it", exception),
            SocketError.AddressFamilyNotSupported => new ZcrxException(operation, errno, "this machine has no addresses of that kind", "Use an IPv4 address, or switch IPv6 on", exception),
            SocketError.AccessDenied => new ZcrxNotPermittedException(operation, errno, "the process may not use a port below 1024", "Choose a higher port, or grant CAP_NET_BIND_SERVICE", exception),
            _ => new ZcrxException(operation, errno, exception.Message.TrimEnd('.'), "", exception),
        };
    }
}
