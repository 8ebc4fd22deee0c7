using System.Reflection;

namespace Zcrx.Rx.Queues;

/// <summary>Which options of a queue can change while it is open. All others need a queue that is opened again.</summary>
internal static class LiveOptions
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        nameof(ZcrxQueueOptions.HighWaterMark), nameof(ZcrxQueueOptions.LowWaterMark), nameof(ZcrxQueueOptions.ConnectionQuota), nameof(ZcrxQueueOptions.MaxAreaSize),
        nameof(ZcrxQueueOptions.NotificationInterval), nameof(ZcrxQueueOptions.StatisticsInterval), nameof(ZcrxQueueOptions.ReceiveStallTimeout),
        nameof(ZcrxQueueOptions.UnobservedTimeout), nameof(ZcrxQueueOptions.WhenConsumerFails),
    };

    /// <summary>The present options with those of the new ones that can change at once.</summary>
    public static ZcrxQueueOptions Apply(ZcrxQueueOptions current, ZcrxQueueOptions wanted) => current with
    {
        HighWaterMark = wanted.HighWaterMark,
        LowWaterMark = wanted.LowWaterMark,
        ConnectionQuota = wanted.ConnectionQuota,
        MaxAreaSize = wanted.MaxAreaSize,
        NotificationInterval = wanted.NotificationInterval,
        StatisticsInterval = wanted.StatisticsInterval,
        ReceiveStallTimeout = wanted.ReceiveStallTimeout,
        UnobservedTimeout = wanted.UnobservedTimeout,
        WhenConsumerFails = wanted.WhenConsumerFails,
    };

    /// <summary>The names of the options that differ: those that can change at once, and those that cannot.</summary>
    /// <remarks>By reflection, so that an option that is added later is never passed over. Delegates are code, and may be made anew whenever options are.</remarks>
    public static (IReadOnlyList<string> Live, IReadOnlyList<string> Fixed) Differences(ZcrxQueueOptions current, ZcrxQueueOptions wanted)
    {
        List<string> live = [];
        List<string> @fixed = [];
        foreach (PropertyInfo property in typeof(ZcrxQueueOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (!typeof(Delegate).IsAssignableFrom(property.PropertyType) && !Equals(property.GetValue(current), property.GetValue(wanted)))
            {
                (Names.Contains(property.Name) ? live : @fixed).Add(property.Name);
            }
        }

        return (live, @fixed);
    }
}
