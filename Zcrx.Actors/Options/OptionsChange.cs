using System.Reflection;

namespace Zcrx.Actors.Options;

/// <summary>Lists the options that have changed, except the options of single queues.</summary>
/// <param name="Applied">The options that apply at once.</param>
/// <param name="NeedRestart">The options that need a restart of the host.</param>
internal sealed record OptionsChange(IReadOnlyList<string> Applied, IReadOnlyList<string> NeedRestart)
{
    public static OptionsChange Between(ZcrxOptions current, ZcrxOptions changed)
    {
        List<string> applied = [];
        List<string> restart = [];
        void Compare<T>(List<string> list, string name, Func<ZcrxOptions, T> select)
        {
            if (!EqualityComparer<T>.Default.Equals(select(current), select(changed)))
            {
                list.Add(name);
            }
        }

        Compare(applied, nameof(ZcrxOptions.DrainTimeout), static options => options.DrainTimeout);
        Compare(applied, nameof(ZcrxOptions.BindTimeout), static options => options.BindTimeout);
        applied.AddRange(Differences(nameof(ZcrxOptions.Restart), current.Restart, changed.Restart));
        applied.AddRange(Differences(nameof(ZcrxOptions.Watchdog), current.Watchdog, changed.Watchdog));
        Compare(restart, nameof(ZcrxOptions.ActorName), static options => options.ActorName);
        Compare(restart, nameof(ZcrxOptions.Dispatcher), static options => options.Dispatcher);
        Compare(applied, $"{nameof(ZcrxOptions.Takeover)}:{nameof(ZcrxHostedTakeoverOptions.Linger)}", static options => options.Takeover.Linger);
        Compare(restart, $"{nameof(ZcrxOptions.Takeover)}:{nameof(ZcrxHostedTakeoverOptions.ListenerTimeout)}", static options => options.Takeover.ListenerTimeout);
        Compare(restart, $"{nameof(ZcrxOptions.Takeover)}:{nameof(ZcrxHostedTakeoverOptions.Path)}", static options => options.Takeover.Path);
        Compare(restart, $"{nameof(ZcrxOptions.Takeover)}:{nameof(ZcrxHostedTakeoverOptions.Timeout)}", static options => options.Takeover.Timeout);
        CompareRebalancing(applied, restart, current.Rebalancing, changed.Rebalancing);
        CompareQueues(restart, current, changed);
        CompareListeners(restart, current, changed);
        return new OptionsChange(applied, restart);
    }

    /// <summary>
    /// Returns the paths of all properties that differ. Ignores delegates, because they are new objects whenever the options are created.
    /// </summary>
    private static IEnumerable<string> Differences<T>(string path, T current, T changed) => typeof(T).GetProperties()
        .Where(property => !typeof(Delegate).IsAssignableFrom(property.PropertyType) && !Equals(property.GetValue(current), property.GetValue(changed)))
        .Select(property => $"{path}:{property.Name}");

    // Properties of reference types are delegates and services. They differ after every creation of the options, so they are not compared.
    private static void CompareRebalancing(List<string> applied, List<string> restart, ZcrxRebalancingOptions current, ZcrxRebalancingOptions changed)
    {
        foreach (PropertyInfo property in typeof(ZcrxRebalancingOptions).GetProperties())
        {
            if (property.PropertyType.IsValueType && !Equals(property.GetValue(current), property.GetValue(changed)))
            {
                (property.Name == nameof(ZcrxRebalancingOptions.PlaceConnections) ? applied : restart).Add($"{nameof(ZcrxOptions.Rebalancing)}:{property.Name}");
            }
        }
    }

    private static void CompareQueues(List<string> restart, ZcrxOptions current, ZcrxOptions changed)
    {
        IEnumerable<string> before = current.EffectiveQueues().Select(static queue => queue.Name);
        IEnumerable<string> after = changed.EffectiveQueues().Select(static queue => queue.Name);
        restart.AddRange(before.Except(after, StringComparer.Ordinal).Select(static name => $"{nameof(ZcrxOptions.Queues)}:{name} (removed)"));
        restart.AddRange(after.Except(before, StringComparer.Ordinal).Select(static name => $"{nameof(ZcrxOptions.Queues)}:{name} (added)"));
    }

    private static void CompareListeners(List<string> restart, ZcrxOptions current, ZcrxOptions changed)
    {
        for (int i = 0; i < int.Max(current.Listeners.Count, changed.Listeners.Count); i++)
        {
            string path = $"{nameof(ZcrxOptions.Listeners)}:{i}";
            if (i >= changed.Listeners.Count || i >= current.Listeners.Count)
            {
                restart.Add(path + (i < current.Listeners.Count ? " (removed)" : " (added)"));
                continue;
            }

            restart.AddRange(Differences(path, current.Listeners[i], changed.Listeners[i]));
        }
    }
}
