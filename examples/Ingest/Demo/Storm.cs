using Ingest.Display;
using Ingest.Serving;
using Zcrx.Actors;
using Zcrx.Interop;

namespace Ingest.Demo;

/// <summary>
/// Scrambles the RSS table of an interface while streams run, like a mistake of an operator. Observes how the rebalancer reacts.
/// </summary>
internal sealed class Storm : IDisposable
{
    // The storm begins when the streams have received this many bytes on average. It is over after four times as many bytes without copies.
    private const long Some = 64 * 1024;
    private const double CalmShare = 0.01;

    // The shortest time of normal traffic before the storm.
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2);

    private readonly StormOptions _options;
    private readonly IFlowSteering _steering;
    private readonly string _interface;
    private readonly IReadOnlyList<int> _before;
    private readonly int[] _ours;
    private readonly int _queues;
    private readonly int _connections;
    private TimeSpan? _begun;
    private TimeSpan? _storm;
    private TimeSpan? _calm;
    private double _peak;
    // The total bytes of all streams when the storm began, and when bytes were last copied.
    private long _begunBytes;
    private long _stormBytes;

    private Storm(StormOptions options, ReceiveOptions receive, int connections, IFlowSteering steering, NicFacts facts)
    {
        _options = options;
        _steering = steering;
        _connections = connections;
        _interface = facts.Name;
        _before = facts.RssTable;
        _queues = facts.Queues.Count;
        _ours = [.. Enumerable.Range(receive.RxQueue, receive.Queues)];
        // Spreads the table over this process's queues, so that no packet arrives on an unmanaged RX queue before the storm.
        _steering.SetRssTable(_interface, [.. _before.Select((_, bucket) => _ours[bucket % _ours.Length])]);
    }

    /// <summary>Gets the highest number of connections that were degraded at the same time.</summary>
    public int Degraded { get; private set; }

    /// <summary>
    /// Gets a value indicating whether the scrambled table uses only queues of this process. True if moves are the only permitted remedy:
    /// a move helps only if the packets arrive on one of these queues.
    /// </summary>
    private bool IsAmongOurs => _options.Forbidden == StormRemedies.Steering;

    public static Storm Prepare(StormOptions options, ReceiveOptions receive, int connections)
    {
        (INicFacts facts, IFlowSteering steering) = options.Access;
        return new Storm(options, receive, connections, steering, facts.Read(receive.Interface!));
    }

    /// <summary>Gets a value indicating whether the storm and its expected remedy have been observed.</summary>
    public bool IsRemedied { get; private set; }

    /// <summary>Records the current state of the demo.</summary>
    public void Watch(DemoSnapshot snapshot, RebalancingStatus rebalancing)
    {
        Degraded = Math.Max(Degraded, rebalancing.Degraded.Count);
        if (_begun is null)
        {
            if (snapshot.Streams.Count == _connections && snapshot.Bytes >= Some * _connections && snapshot.Elapsed >= Before)
            {
                Scramble();
                _begun = snapshot.Elapsed;
                (_begunBytes, _stormBytes) = (snapshot.Bytes, snapshot.Bytes);
            }

            return;
        }

        double share = snapshot.CopiedNow.Values.DefaultIfEmpty().Max();
        _peak = Math.Max(_peak, share);
        if (share >= CalmShare)
        {
            _storm ??= snapshot.Elapsed;
            _calm = null;
            _stormBytes = snapshot.Bytes;
        }
        else
        {
            _calm ??= snapshot.Elapsed;
        }

        bool enoughSinceBegin = snapshot.Bytes - _begunBytes >= 4 * Some * _connections;
        bool enoughSinceCopies = snapshot.Bytes - _stormBytes >= 4 * Some * _connections;
        IsRemedied = _options.Forbidden switch
        {
            StormRemedies.Moves | StormRemedies.Steering => enoughSinceBegin && Degraded > 0,
            StormRemedies.Steering => enoughSinceCopies,
            _ => enoughSinceCopies && _storm is not null,
        };
    }

    public string Describe()
    {
        if (_begun is not { } begun)
        {
            return "Storm: the streams ended before it began";
        }

        string what = $"Storm at {Quantity.Seconds(begun)}: RSS table of {_interface} scrambled over "
            + (IsAmongOurs ? $"our {_ours.Length} queues" : $"{_queues} queues, {_ours.Length} of them ours");
        return (_storm, _options.Forbidden == (StormRemedies.Moves | StormRemedies.Steering) ? null : _calm) switch
        {
            (null, _) => $"{what}; nothing was copied",
            (_, { } calm) => $"{what}; copied up to {Quantity.Share(_peak)} of what a queue received, permanently below 1% after {Quantity.Seconds(calm - begun)}",
            _ => $"{what}; copied up to {Quantity.Share(_peak)} of what a queue received, and still at the end",
        };
    }

    /// <summary>Returns a problem for each expected effect that did not happen.</summary>
    public IReadOnlyList<string> FindProblems() => (_begun, _options.Forbidden) switch
    {
        (null, _) => ["the streams ended before the storm began: give them more --volume"],
        (_, StormRemedies.Moves | StormRemedies.Steering) => Degraded > 0 ? [] : ["connections were copied without a remedy, and no status reported them"],
        _ => IsRemedied ? [] : [_storm is null ? "nothing was copied: there was no storm" : "the storm did not end"],
    };

    public void Dispose()
    {
        try
        {
            _steering.SetRssTable(_interface, _before);
        }
        catch (ZcrxException exception)
        {
            Console.Error.WriteLine($"ingest: {exception.Message}");
        }
    }

    private void Scramble()
    {
        Random random = new(_options.Seed);
        int[] others = [.. Enumerable.Range(0, _queues).Except(_ours)];
        // If steering is allowed, most entries point to queues of other owners. A few connections are then enough to cause a storm.
        int[] table = [.. _before.Select(_ => IsAmongOurs || others.Length == 0 || random.Next(4) == 0 ? _ours[random.Next(_ours.Length)] : others[random.Next(others.Length)])];
        _steering.SetRssTable(_interface, table);
    }
}
