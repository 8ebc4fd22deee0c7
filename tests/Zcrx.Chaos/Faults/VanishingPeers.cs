using System.Net;
using Xunit;
using Zcrx.Actors;
using Zcrx.Chaos.Soak;
using Zcrx.Chaos.Support;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.TestSupport;

namespace Zcrx.Chaos.Faults;

/// <summary>
/// Represents senders in a network namespace. Their link is taken down for a moment, or until the server has ended their connections.
/// </summary>
/// <remarks>There are three listeners. On each of them, a different option must detect that a peer has vanished.</remarks>
internal sealed class VanishingPeers : IDisposable
{
    /// <summary>The name of the fault that the server must detect.</summary>
    public const string ForEver = "peers vanished (link down)";

    /// <summary>The name of the fault that every stream must survive.</summary>
    public const string Healed = "peers vanished for a moment";

    private const int ProbesBeforeEnd = 5;

    // A listener ends a silent connection after 1/LimitsInPatience of the patience. A short outage lasts for 1/OutagesInLimit of that time.
    private const int LimitsInPatience = 6;
    private const int OutagesInLimit = 10;

    // This file contains the longest time between two retransmissions in a network namespace (since Linux 6.15). /proc shows the namespace
    // of the calling thread.
    private const string MaxRetransmission = "/proc/sys/net/ipv4/tcp_rto_max_ms";

    // The addresses are in 198.18.0.0/15, which is reserved for network tests. Each run uses four of them.
    private const uint FirstAddress = 0xc612_0000;
    private const int Subnets = 1 << 15;

    private readonly NetworkNamespace _network;
    private readonly LinkSwitch _link;
    private readonly LinkOutages _outages;
    private readonly ChaosOptions _options;
    private readonly ChaosTally _tally;
    private readonly ChaosConsumers _consumers;
    private readonly IPAddress _address;
    private readonly TimeSpan _limit;
    private readonly CancellationTokenSource _relented = new();
    private Task _outage = Task.CompletedTask;

    private VanishingPeers(NetworkNamespace network, ChaosOptions options, ChaosTally tally)
    {
        _network = network;
        _options = options;
        _tally = tally;
        _consumers = new ChaosConsumers(tally);
        _limit = TimeSpan.FromSeconds(double.Ceiling(options.Patience.TotalSeconds / LimitsInPatience));
        uint subnet = FirstAddress + (4 * (uint)Random.Shared.Next(Subnets));
        _address = Address(subnet + 1);
        network.ConnectHere(_address, Address(subnet + 2));
        network.Run(ShortenRetransmissions);
        _link = new LinkSwitch(network.Name, "v1");
        _outages = new LinkOutages(_link, _limit);
    }

    /// <summary>Creates the network of the senders. Returns null if the machine does not permit it.</summary>
    /// <param name="options">The options of the run.</param>
    /// <param name="tally">Receives the results of the streams.</param>
    /// <param name="reason">Receives the reason if the result is null.</param>
    public static VanishingPeers? TryCreate(ChaosOptions options, ChaosTally tally, out string? reason)
    {
        if (options.Engine == ZcrxEngine.Nic)
        {
            reason = "the engine receives from its NIC only, which --nic-control removes";
            return null;
        }

        NetworkNamespace? network = null;
        try
        {
            network = new NetworkNamespace();
            reason = null;
            return new VanishingPeers(network, options, tally);
        }
        catch (SkipException exception)
        {
            reason = exception.Message;
            return null;
        }
        catch
        {
            network?.Dispose();
            throw;
        }
    }

    /// <summary>Returns the options of the three listeners. Each ends silent connections by a different option.</summary>
    public IEnumerable<ZcrxListenerOptions> Listeners()
    {
        ZcrxListenerOptions keepAlive = Listener("keep-alive", _consumers.Handle);
        keepAlive.KeepAlive = true;
        keepAlive.KeepAliveTime = TimeSpan.FromSeconds(double.Ceiling(_limit.TotalSeconds / 2));
        keepAlive.KeepAliveInterval = TimeSpan.FromSeconds(double.Ceiling(_limit.TotalSeconds / 2 / ProbesBeforeEnd));
        keepAlive.KeepAliveCount = ProbesBeforeEnd;

        ZcrxListenerOptions user = Listener("user-timeout", connection =>
        {
            _ = Heartbeat.SendAsync(connection);
            return _consumers.Handle(connection);
        });
        user.UserTimeout = _limit;

        ZcrxListenerOptions idle = Listener("idle", _consumers.Handle);
        idle.IdleTimeout = idle.FirstByteTimeout = _limit;
        return [keepAlive, user, idle];
    }

    /// <summary>Starts the senders.</summary>
    /// <param name="endPoints">The endpoints of the listeners.</param>
    /// <param name="seed">The seed of the first sender.</param>
    /// <param name="isOver">Returns true when the senders must end.</param>
    public IEnumerable<Task> Start(ListenerEndPoints endPoints, int seed, Func<bool> isOver)
    {
        NamespaceSockets sockets = new(_network.Name);
        string[] names = [.. Listeners().Select(static listener => listener.Name!)];
        return
        [
            .. Enumerable.Range(0, int.Max(_options.Connections / 10, names.Length)).Select(i => Task.Run(() =>
                new ChaosClient(_options, endPoints[names[i % names.Length]], sockets, _consumers, _tally, seed + i, _outages).RunAsync(isOver))),
        ];
    }

    /// <summary>Takes the link down for so short a time that no stream may end.</summary>
    public bool VanishForAMoment() => Begin(() => Task.Delay(_limit / OutagesInLimit, _relented.Token));

    /// <summary>Takes the link down until the server has ended all connections.</summary>
    public bool VanishForEver() => _consumers.All.Any(static consumer => !consumer.Ended.IsCompleted) && Begin(async () =>
    {
        foreach (ChaosConsumer consumer in _consumers.All)
        {
            try
            {
                await consumer.Ended.WaitAsync(_options.Patience, _relented.Token).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                _tally.Violate($"stream {consumer.Stream} of a peer that had vanished did not end");
            }
        }
    });

    /// <summary>Takes the link up again, and waits until that is done.</summary>
    public async Task RelentAsync()
    {
        await _relented.CancelAsync().ConfigureAwait(false);
        await _outage.ConfigureAwait(false);
    }

    public void Dispose()
    {
        _relented.Dispose();
        _link.Dispose();
        _network.Dispose();
    }

    private ZcrxListenerOptions Listener(string name, Func<ZcrxConnection, IDisposable> handler) => new()
    {
        Name = name,
        EndPoint = $"{_address}:0",
        Handler = handler,
        KeepAlive = false,
        UserTimeout = TimeSpan.Zero,
        FirstByteTimeout = Timeout.InfiniteTimeSpan,
    };

    private bool Begin(Func<Task> last)
    {
        if (!_outage.IsCompleted)
        {
            return false;
        }

        _outage = OutageAsync(last);
        return true;
    }

    private async Task OutageAsync(Func<Task> last)
    {
        _outages.Begin();
        try
        {
            await last().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The end of the run has cancelled the outage.
        }
        finally
        {
            _outages.End();
        }
    }

    /// <summary>
    /// Limits the time between two retransmissions to 3 s. By default, TCP may wait as long as the outage has lasted. With a much lower
    /// limit, it would give up during an outage.
    /// </summary>
    private static bool ShortenRetransmissions()
    {
        bool isSupported = File.Exists(MaxRetransmission);
        if (isSupported)
        {
            File.WriteAllText(MaxRetransmission, "3000");
        }

        return isSupported;
    }

    private static IPAddress Address(uint address) => new(BitConverter.GetBytes(IPAddress.HostToNetworkOrder((int)address)));
}
