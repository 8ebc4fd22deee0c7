using Akka.Actor;
using Zcrx.Actors.Options;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <summary>
/// Contains the options of Zcrx: queues, listeners and their supervision. They are set by the configuration section <c>Zcrx</c> and by
/// code.
/// </summary>
public sealed class ZcrxOptions
{
    /// <summary>The name of the configuration section.</summary>
    public const string SectionName = "Zcrx";

    private string? _actorName;
    private string? _dispatcher;

    /// <summary>Gets or sets the engine of all queues whose options leave the engine unspecified.</summary>
    public ZcrxEngine Engine { get; set; } = ZcrxEngine.Auto;

    /// <summary>
    /// Gets or sets the name of the supervisor below <c>/user</c>. If unspecified, <c>zcrx.actor-name</c> in the configuration of the actor
    /// system applies. Its default is <c>zcrx</c>.
    /// </summary>
    public string ActorName { get => _actorName ?? Defaults.ActorName; set => _actorName = value; }

    /// <summary>
    /// Gets or sets the dispatcher of all actors of Zcrx. Empty selects the default dispatcher of the actor system. If unspecified,
    /// <c>zcrx.dispatcher</c> in the configuration of the actor system applies. Its default is empty.
    /// </summary>
    public string Dispatcher { get => _dispatcher ?? Defaults.Dispatcher; set => _dispatcher = value; }

    /// <summary>
    /// Gets or sets the maximum time for which a stop delivers received bytes and waits for consumers and handlers. Then everything is
    /// closed. The default is 10 s.
    /// </summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Gets or sets the maximum time until <see cref="ZcrxCommand.Bind"/> and <see cref="ZcrxCommand.Unbind"/> are answered, after the
    /// drain time of the command. Then the answer is <see cref="ZcrxFailure.TimedOut"/>. The default is 30 s.
    /// </summary>
    public TimeSpan BindTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets the options of the queues. If the list is empty, one queue without a NIC is opened.</summary>
    public IList<ZcrxQueueOptions> Queues { get; } = [];

    /// <summary>Gets the options of the listeners that are bound at the start.</summary>
    public IList<ZcrxListenerOptions> Listeners { get; } = [];

    /// <summary>Gets the options for restarts of failed queues.</summary>
    public ZcrxRestartOptions Restart { get; } = new();

    /// <summary>Gets the options of the watchdog, which detects stuck ring threads.</summary>
    public ZcrxWatchdogOptions Watchdog { get; } = new();

    /// <summary>Gets the options of a takeover by a new process of the service.</summary>
    public ZcrxHostedTakeoverOptions Takeover { get; } = new();

    /// <summary>Gets the options of the rebalancer, which moves connections between queues.</summary>
    public ZcrxRebalancingOptions Rebalancing { get; } = new();

    /// <summary>Gets or sets the path of the configuration section. Error messages contain this path.</summary>
    internal string Path { get; set; } = SectionName;

    /// <summary>Gets the errors that were found while the configuration was read.</summary>
    internal IList<ZcrxConfigurationError> Unreadable { get; } = [];

    /// <summary>Gets the keys of the queue actors in Akka.Hosting's <c>ActorRegistry</c>, by the names of the queues.</summary>
    internal Dictionary<string, Type> QueueKeys { get; } = new(StringComparer.Ordinal);

    private HoconDefaults Defaults { get; set; } = HoconDefaults.BuiltIn;

    /// <summary>Checks all options. Opens nothing and makes no system call.</summary>
    /// <returns>Every error with its path; empty if the options are valid.</returns>
    public IReadOnlyList<ZcrxConfigurationError> Validate() => ZcrxOptionsValidator.Validate(this);

    /// <summary>Sets unspecified options from the configuration of an actor system.</summary>
    internal void UseDefaultsOf(ActorSystem system)
    {
        Defaults = HoconDefaults.Of(system, Unreadable);
        if (!string.IsNullOrEmpty(Dispatcher) && !system.Dispatchers.HasDispatcher(Dispatcher))
        {
            Unreadable.Add(new ZcrxConfigurationError(_dispatcher is null ? "zcrx.dispatcher" : $"{Path}:{nameof(Dispatcher)}", $"the actor system {system.Name} has no dispatcher '{Dispatcher}'"));
        }
    }

    /// <summary>Returns the options with which the queues are opened. <see cref="Engine"/> replaces an unspecified engine.</summary>
    internal IReadOnlyList<ZcrxQueueOptions> EffectiveQueues()
    {
        IEnumerable<ZcrxQueueOptions> queues = Queues.Count == 0 ? [new ZcrxQueueOptions()] : Queues;
        return
        [
            .. queues.Select(queue => queue with
            {
                Engine = queue.Engine == ZcrxEngine.Auto ? Engine : queue.Engine,
                // A successor can continue a queue only if it can map the memory of the queue.
                SharedMemory = queue.SharedMemory || Takeover.Path is not null,
            }),
        ];
    }
}
