using System.Net.Sockets;

namespace Zcrx.Interop;

/// <summary>Reads what network interfaces are like: over netlink, or from the emulated ones.</summary>
/// <remarks>Safe from any thread. Every call asks anew; nothing is cached but what cannot change.</remarks>
public interface INicFacts
{
    /// <summary>Reads everything that is known of an interface.</summary>
    /// <param name="interfaceName">Its name.</param>
    /// <returns>The facts.</returns>
    /// <exception cref="ZcrxDeviceException">There is no such interface.</exception>
    NicFacts Read(string interfaceName);

    /// <summary>The RX queue that last delivered packets of a connection (<c>SO_INCOMING_NAPI_ID</c>).</summary>
    /// <param name="socket">The connected socket.</param>
    /// <returns>The queue; null when it is not known, as on loopback or before the first packet.</returns>
    RxQueueId? QueueOf(Socket socket);
}
