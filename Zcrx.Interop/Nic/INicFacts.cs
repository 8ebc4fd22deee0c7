using System.Net.Sockets;

namespace Zcrx.Interop;

/// <summary>Reads the state of network interfaces, which are real or emulated.</summary>
/// <remarks>Can be used on any thread. Every call reads the current state. Only facts that cannot change are cached.</remarks>
public interface INicFacts
{
    /// <summary>Reads all facts of an interface.</summary>
    /// <param name="interfaceName">The interface's name.</param>
    /// <returns>The facts.</returns>
    /// <exception cref="ZcrxDeviceException">The interface does not exist.</exception>
    NicFacts Read(string interfaceName);

    /// <summary>Returns the RX queue that last delivered packets of a connection (<c>SO_INCOMING_NAPI_ID</c>).</summary>
    /// <param name="socket">The connected socket.</param>
    /// <returns>The RX queue; null when it is unknown, as on loopback or before the first packet.</returns>
    RxQueueId? QueueOf(Socket socket);
}
