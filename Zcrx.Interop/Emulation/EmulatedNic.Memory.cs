using Zcrx.Interop.Abi;
using Zcrx.Interop.Emulation;

namespace Zcrx.Interop;

/// <content>Whose memory each RX queue has, and what has landed in it.</content>
public sealed partial class EmulatedNic
{
    private readonly EmulatedInterfaceQueue?[] _providers;
    private readonly EmulatedRxQueueCounters[] _counters;
    private readonly EmulatedBacklog _backlog = new();

    /// <summary>Gives an RX queue's memory to an interface queue; the errors of the kernel, in its order.</summary>
    internal int Bind(uint rxQueue, EmulatedInterfaceQueue provider)
    {
        lock (_gate)
        {
            if (_isRemoved)
            {
                return -Errno.ENODEV;
            }

            if (rxQueue >= _providers.Length)
            {
                return -Errno.ERANGE;
            }

            if (!_split || _hdsThreshold != 0)
            {
                return -Errno.EINVAL;
            }

            if (_providers[rxQueue] is not null)
            {
                return -Errno.EEXIST;
            }

            RecordArrivals();
            _providers[rxQueue] = provider;
            _changes++;
            return 0;
        }
    }

    internal void Unbind(EmulatedInterfaceQueue provider)
    {
        lock (_gate)
        {
            int queue = Array.IndexOf(_providers, provider);
            if (queue >= 0)
            {
                RecordArrivals();
                _providers[queue] = null;
                _changes++;
            }
        }
    }

    /// <summary>Whose memory the packets of an RX queue land in; null for the kernel's own.</summary>
    internal EmulatedInterfaceQueue? ProviderOf(int rxQueue)
    {
        lock (_gate)
        {
            return _providers[rxQueue];
        }
    }

    /// <summary>What waits in a socket since before the last change, by the memory it lies in; null when nothing does.</summary>
    internal SocketBacklog? BacklogOf(int fd)
    {
        lock (_gate)
        {
            return _backlog.Of(fd);
        }
    }

    /// <summary>Adds to the counters of an RX queue.</summary>
    internal void Count(int queue, in EmulatedRxQueueCounters more)
    {
        lock (_gate)
        {
            ref EmulatedRxQueueCounters counters = ref _counters[queue];
            counters = new EmulatedRxQueueCounters(
                counters.ZeroCopyPackets + more.ZeroCopyPackets,
                counters.ZeroCopyBytes + more.ZeroCopyBytes,
                counters.CopiedBytes + more.CopiedBytes,
                counters.Drops + more.Drops);
        }
    }

    private void RecordArrivals()
    {
        // While the link is down, what waits has not arrived.
        if (_isUp && !_isRemoved)
        {
            _backlog.Record((local, remote) =>
            {
                int queue = QueueOf(local, remote);
                return (queue, _providers[queue]);
            });
        }
    }
}
