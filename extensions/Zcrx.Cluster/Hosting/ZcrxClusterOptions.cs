using Zcrx.Actors;

namespace Zcrx.Cluster;

/// <summary>Contains the options of Zcrx in a cluster.</summary>
public sealed class ZcrxClusterOptions
{
    /// <summary>Gets or sets the interval at which a node publishes its status: a second by default.</summary>
    public TimeSpan StatusInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Gets or sets how long the connections of <see cref="Listeners"/> may take to end by themselves when the node leaves: 10 s by default. They are closed then.
    /// </summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Gets the listeners that are bound only while the node is Up and on the side of the majority. Those of <see cref="ZcrxOptions.Listeners"/> are bound
    /// regardless of the cluster.
    /// </summary>
    public IList<ZcrxListenerOptions> Listeners { get; } = [];

    /// <summary>Throws if an option is invalid.</summary>
    internal void ThrowIfInvalid()
    {
        if (StatusInterval < TimeSpan.FromMilliseconds(10) || StatusInterval > TimeSpan.FromHours(1))
        {
            throw new ArgumentException($"{nameof(StatusInterval)} must be between 10 ms and an hour, but is {StatusInterval}.");
        }

        if (DrainTimeout < TimeSpan.Zero || DrainTimeout > TimeSpan.FromDays(1))
        {
            throw new ArgumentException($"{nameof(DrainTimeout)} must be between zero and a day, but is {DrainTimeout}.");
        }

        if (Listeners.FirstOrDefault(static listener => string.IsNullOrWhiteSpace(listener.Name)) is { } nameless)
        {
            throw new ArgumentException($"The listener on {nameless.EndPoint} has no name. Set {nameof(ZcrxListenerOptions.Name)}: the listener is unbound by its name.");
        }
    }
}
