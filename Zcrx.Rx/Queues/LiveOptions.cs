using System.Reflection;

namespace Zcrx.Rx.Queues;

/// <summary>Separates the options that can change while a queue is open from those that require the queue to be opened again.</summary>
internal static class LiveOptions
{
    /// <summary>Returns the current options with the new values of those options that can change while the queue is open.</summary>
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

    /// <summary>Returns the names of the options that differ: those that <see cref="Apply"/> changes, and the others.</summary>
    /// <remarks>
    /// Uses reflection, so that an option that is added later is not omitted. Delegates are not compared, because equal options
    /// often have different delegates.
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
