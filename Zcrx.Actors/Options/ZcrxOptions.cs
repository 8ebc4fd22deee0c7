using Akka.Actor;
using Zcrx.Actors.Options;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>What is to receive, and where. Bound from the configuration section <c>Zcrx</c>, and from code.</summary>
public sealed class ZcrxOptions
{
    /// <summary>The configuration section.</summary>
    public const string SectionName = "Zcrx";

    private string? _actorName;
    private string? _dispatcher;

    /// <summary>The engine of the queues that do not name one.</summary>
    public ZcrxEngine Engine { get; set; } = ZcrxEngine.Auto;

    /// <summary>Gets or sets the name of the supervisor below <c>/user</c>. The default is <c>zcrx.actor-name</c> of the actor system's configuration: <c>zcrx</c>.</summary>
    public string ActorName { get => _actorName ?? Defaults.ActorName; set => _actorName = value; }

    /// <summary>Gets or sets the dispatcher of all actors of Zcrx. Empty stands for the actor system's default. The default is <c>zcrx.dispatcher</c> of the actor system's configuration: empty.</summary>
    public string Dispatcher { get => _dispatcher ?? Defaults.Dispatcher; set => _dispatcher = value; }

    /// <summary>Gets or sets how long a stop may deliver what has arrived before it closes everything: 10 s by default.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The queues; when there is none, one without a NIC.</summary>
    public IList<ZcrxQueueOptions> Queues { get; } = [];

    /// <summary>The listening sockets.</summary>
    public IList<ZcrxListenerOptions> Listeners { get; } = [];

    /// <summary>What happens when a queue fails.</summary>
    public ZcrxRestartOptions Restart { get; } = new();

    /// <summary>Whether and where this process takes over from its predecessor, and hands over to its successor.</summary>
    public ZcrxHostedTakeoverOptions Takeover { get; } = new();

    /// <summary>When connections change their queue, and what may be done about packets that arrive elsewhere.</summary>
    public ZcrxRebalancingOptions Rebalancing { get; } = new();

    /// <summary>Where the configuration came from, for messages.</summary>
    internal string Path { get; set; } = SectionName;

    /// <summary>What could not be read from the configuration.</summary>
    internal IList<ZcrxConfigurationError> Unreadable { get; } = [];

    /// <summary>Gets the keys of single queues' actors in Akka.Hosting's <c>ActorRegistry</c>, by the names of the queues.</summary>
    internal Dictionary<string, Type> QueueKeys { get; } = new(StringComparer.Ordinal);

    private HoconDefaults Defaults { get; set; } = HoconDefaults.BuiltIn;

    /// <summary>Checks everything without touching the system.</summary>
    /// <returns>Every error, each with its path; empty when the options are valid.</returns>
    public IReadOnlyList<ZcrxConfigurationError> Validate() => ZcrxOptionsValidator.Validate(this);

    /// <summary>Fills in what is not set from the configuration of the actor system in which the options are used.</summary>
    internal void UseDefaultsOf(ActorSystem system)
    {
        Defaults = HoconDefaults.Of(system, Unreadable);
        if (!string.IsNullOrEmpty(Dispatcher) && !system.Dispatchers.HasDispatcher(Dispatcher))
        {
            Unreadable.Add(new ZcrxConfigurationError(_dispatcher is null ? "zcrx.dispatcher" : $"{Path}:{nameof(Dispatcher)}", $"the actor system {system.Name} has no dispatcher '{Dispatcher}'"));
        }
    }

    /// <summary>The queues as they will be opened.</summary>
    internal IReadOnlyList<ZcrxQueueOptions> EffectiveQueues()
    {
        IEnumerable<ZcrxQueueOptions> queues = Queues.Count == 0 ? [new ZcrxQueueOptions()] : Queues;
        return
        [
            .. queues.Select(queue => queue with
            {
                Engine = queue.Engine == ZcrxEngine.Auto ? Engine : queue.Engine,
                // A successor can only go on with what it can map.
                SharedMemory = queue.SharedMemory || Takeover.Path is not null,
            }),
        ];
    }
}
