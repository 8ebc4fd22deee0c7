using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop;

/// <summary>Reads the state of emulated network interfaces. Netlink does this for real ones.</summary>
/// <remarks>
/// Threading: any thread. A socket does not show on which interface its packets arrive. With more than one interface, the RX queue of a
/// socket is unknown.
/// </remarks>
/// <param name="nics">The interfaces, as in <see cref="EmulatedKernelOptions.Nics"/>.</param>
public sealed class EmulatedNicFacts(IReadOnlyList<EmulatedNic> nics) : INicFacts
{
    /// <inheritdoc/>
    public NicFacts Read(string interfaceName)
    {
        EmulatedNic nic = Find(nics, interfaceName, $"Reading the interface {interfaceName}");
        return new NicFacts
        {
            Name = nic.Name,
            Index = nic.Index,
            IsUp = nic.IsUp,
            Driver = "emulated",
            HasDevice = true,
            MaxRxQueues = nic.RxQueues,
            HeaderDataSplit = nic.HeaderDataSplit,
            HdsThreshold = nic.HdsThreshold,
            RssTable = nic.RssTable,
            Rules = nic.Rules,
            Queues = [.. Enumerable.Range(0, nic.RxQueues).Select(queue => new RxQueueFacts(
                queue, nic.NapiIdOf(queue), nic.IsBound(queue) ? RxMemoryProvider.IoUring : RxMemoryProvider.Kernel))],
        };
    }

    /// <inheritdoc/>
    public RxQueueId? QueueOf(Socket socket)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (nics is not [{ IsRemoved: false } nic])
        {
            return null;
        }

        try
        {
            return socket is { LocalEndPoint: IPEndPoint local, RemoteEndPoint: IPEndPoint remote } ? new RxQueueId(nic.Name, nic.QueueOf(local, remote)) : null;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The socket was reset or closed, so no more packets arrive.
            return null;
        }
    }

    internal static EmulatedNic Find(IReadOnlyList<EmulatedNic> nics, string interfaceName, string operation)
    {
        ArgumentNullException.ThrowIfNull(interfaceName);
        return nics.FirstOrDefault(nic => nic.Name == interfaceName && !nic.IsRemoved)
            ?? throw new ZcrxDeviceException(operation, Errno.ENODEV, $"the emulated kernel has no interface {interfaceName}", "Add it to EmulatedKernelOptions.Nics");
    }
}
