using Zcrx.Actors;
using Zcrx.Interop;

namespace Zcrx.Cluster;

/// <summary>Contains the options of Zcrx in a cluster.</summary>
public sealed class ZcrxClusterOptions
{
    /// <summary>Gets or sets the interval at which a node publishes its status. The default is a second.</summary>
    public TimeSpan StatusInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Gets or sets how long the connections of <see cref="Listeners"/> may take to end when the node leaves. Remaining connections are
    /// closed after this time. The default is 10 s.
    /// </summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Gets the listeners that are bound only while the node is Up and can reach the majority of the members. While it cannot reach them,
    /// the ports are closed and their connections are paused. The listeners in <see cref="ZcrxOptions.Listeners"/> are independent of the
    /// cluster.
    /// </summary>
    public IList<ZcrxListenerOptions> Listeners { get; } = [];

    /// <summary>Throws if options are invalid. The exception lists every error.</summary>
    internal void ThrowIfInvalid()
    {
        List<ZcrxConfigurationError> errors = [];
        if (StatusInterval < TimeSpan.FromMilliseconds(10) || StatusInterval > TimeSpan.FromHours(1))
        {
            errors.Add(new ZcrxConfigurationError(nameof(StatusInterval), $"must be between 10 ms and an hour, but is {StatusInterval}"));
        }

        if (DrainTimeout < TimeSpan.Zero || DrainTimeout > TimeSpan.FromDays(1))
        {
            errors.Add(new ZcrxConfigurationError(nameof(DrainTimeout), $"must be between zero and a day, but is {DrainTimeout}"));
        }

        for (int i = 0; i < Listeners.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(Listeners[i].Name))
            {
                errors.Add(new ZcrxConfigurationError($"{nameof(Listeners)}:{i}:{nameof(ZcrxListenerOptions.Name)}", $"is needed to unbind the listener on '{Listeners[i].EndPoint}'"));
            }
        }

        ZcrxConfigurationException.ThrowIfAny(errors);
    }
}
