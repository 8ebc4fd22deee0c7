using Ingest.Display;
using Ingest.Serving;
using Zcrx.Actors;
using Zcrx.Interop;

namespace Ingest.Demo;

/// <summary>Scrambles an interface's RSS table while streams run, as an administrator's mistake would, and watches what becomes of it.</summary>
internal sealed class Storm : IDisposable
{
    // The part of all bytes after which the table is scrambled.
    private const double Begin = 0.25;
    private const double CalmShare = 0.01;

    private readonly StormOptions _options;
    private readonly IFlowSteering _steering;
    private readonly string _interface;
    private readonly IReadOnlyList<int> _before;
    private readonly int[] _ours;
    private readonly int _queues;
    private TimeSpan? _begun;
    private TimeSpan? _storm;
    private TimeSpan? _calm;
    private double _peak;
    private int _looks;

    private Storm(StormOptions options, ReceiveOptions receive, IFlowSteering steering, NicFacts facts)
    {
        _options = options;
        _steering = steering;
        _interface = facts.Name;
        _before = facts.RssTable;
        _queues = facts.Queues.Count;
        _ours = [.. Enumerable.Range(receive.RxQueue, receive.Queues)];
        // Until then everything arrives where it belongs.
        _steering.SetRssTable(_interface, [.. _before.Select((_, bucket) => _ours[bucket % _ours.Length])]);
    }

    /// <summary>The most connections that were degraded at one time.</summary>
    public int Degraded { get; private set; }

    /// <summary>Without steering, only what arrives on another queue of ours can be helped.</summary>
    private bool IsAmongOurs => _options.Forbidden == StormRemedies.Steering;

    public static Storm Prepare(StormOptions options, ReceiveOptions receive)
    {
        (INicFacts facts, IFlowSteering steering) = options.Access;
        return new Storm(options, receive, steering, facts.Read(receive.Interface!));
    }

    /// <summary>Takes the demo's present state.</summary>
    public void Watch(DemoSnapshot snapshot, RebalancingStatus rebalancing)
    {
        Degraded = Math.Max(Degraded, rebalancing.Degraded.Count);
        if (_begun is null)
        {
            if (snapshot.Bytes >= Begin * snapshot.Expected)
            {
                Scramble();
                _begun = snapshot.Elapsed;
            }

            return;
        }

        if (snapshot.Streams.All(stream => stream.State != "receiving"))
        {
            return;
        }

        _looks++;
        double share = snapshot.CopiedNow.Values.DefaultIfEmpty().Max();
        _peak = Math.Max(_peak, share);
        if (share >= CalmShare)
        {
            _storm ??= snapshot.Elapsed;
            _calm = null;
        }
        else
        {
            _calm ??= snapshot.Elapsed;
        }
    }

    public string Describe()
    {
        if (_begun is not { } begun)
        {
            return "Storm: the streams ended before it began";
        }

        string what = $"Storm at {Quantity.Seconds(begun)}: RSS table of {_interface} scrambled over "
            + (IsAmongOurs ? $"our {_ours.Length} queues" : $"{_queues} queues, {_ours.Length} of them ours");
        return (_storm, _calm) switch
        {
            (null, _) => $"{what}; nothing was copied",
            (_, { } calm) => $"{what}; copied up to {Quantity.Share(_peak)} of what a queue received, below 1% for good after {Quantity.Seconds(calm - begun)}",
            _ => $"{what}; copied up to {Quantity.Share(_peak)} of what a queue received, and still at the end",
        };
    }

    /// <summary>What should have been, and was not.</summary>
    public IReadOnlyList<string> FindProblems() => (_begun, _options.Forbidden) switch
    {
        (null, _) => ["the streams ended before the storm began: give them more --volume or less --pace"],
        _ when _looks < 2 => ["the streams ended too soon after the storm began: give them more --volume or less --pace"],
        (_, StormRemedies.Moves | StormRemedies.Steering) => Degraded > 0 ? [] : ["connections were copied, nothing could be done about it, and nobody said so"],
        (_, StormRemedies.Steering) => _calm is null ? ["it did not end, although moving would have ended it"] : [],
        _ when _storm is null => ["nothing was copied: there was no storm"],
        _ => _calm is null ? ["the storm did not end"] : [],
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
        int[] table = [.. _before.Select(_ => IsAmongOurs ? _ours[random.Next(_ours.Length)] : random.Next(_queues))];
        _steering.SetRssTable(_interface, table);
    }
}
