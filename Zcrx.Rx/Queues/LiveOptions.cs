using System.Reflection;

namespace Zcrx.Rx.Queues;

/// <summary>Determines which options can change while a queue is open. The other options require the queue to be opened again.</summary>
internal static class LiveOptions
{
    /// <summary>Returns the current options with new values for those options that can change while the queue is open.</summary>
    /// <param name="current">The options of the open queue.</param>
    /// <param name="wanted">The options with the new values.</param>
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
        PeerCloseTimeout = wanted.PeerCloseTimeout,
        WhenConsumerFails = wanted.WhenConsumerFails,
        MaxCopiedFrameBytes = wanted.MaxCopiedFrameBytes,
        DescriptorReserve = wanted.DescriptorReserve,
        SpinBeforeSleep = wanted.SpinBeforeSleep,
    };

    /// <summary>
    /// Returns the names of the options that differ. They are divided into those that <see cref="Apply"/> changes and those that it does
    /// not.
    /// </summary>
    /// <remarks>
    /// Uses reflection, so that an option that is added later is included automatically. Ignores delegates, because equal options often
    /// contain different delegate objects.
    /// </remarks>
    public static (IReadOnlyList<string> Live, IReadOnlyList<string> Fixed) Differences(ZcrxQueueOptions current, ZcrxQueueOptions wanted)
    {
        ZcrxQueueOptions applied = Apply(current, wanted);
        List<string> live = [];
        List<string> @fixed = [];
        foreach (PropertyInfo property in typeof(ZcrxQueueOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            object? value = property.GetValue(wanted);
            if (!typeof(Delegate).IsAssignableFrom(property.PropertyType) && !Equals(property.GetValue(current), value))
            {
                (Equals(property.GetValue(applied), value) ? live : @fixed).Add(property.Name);
            }
        }

        return (live, @fixed);
    }
}
