using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Zcrx.Interop.Nic;

/// <summary>Describes changes of network interfaces as arguments or commands of <c>ethtool</c> and other tools. Pure.</summary>
internal static class SteeringText
{
    public static string Of(FlowRule rule)
    {
        StringBuilder text = new();
        text.Append("flow-type ").Append(rule.Family switch { AddressFamily.InterNetwork => "tcp4", AddressFamily.InterNetworkV6 => "tcp6", _ => "tcp4|tcp6" });
        void Part(string name, object? value)
        {
            if (value is not null)
            {
                text.Append(CultureInfo.InvariantCulture, $" {name} {value}");
            }
        }

        Part("src-ip", rule.RemoteAddress);
        Part("dst-ip", rule.LocalAddress);
        Part("src-port", rule.RemotePort);
        Part("dst-port", rule.LocalPort);
        Part("action", rule.Queue);
        return text.ToString();
    }

    public static string Of(SplitSetting setting) =>
        (setting.Split switch { true => "tcp-data-split on", false => "tcp-data-split off", null => "tcp-data-split auto" }) +
        (setting.Threshold is { } threshold ? string.Create(CultureInfo.InvariantCulture, $" hds-thresh {threshold}") : "");

    /// <summary>Returns a text with the number of hash buckets of each queue.</summary>
    public static string Of(IReadOnlyList<int> table)
    {
        IEnumerable<string> queues = table.GroupBy(static queue => queue).OrderBy(static group => group.Key)
            .Select(static group => string.Create(CultureInfo.InvariantCulture, $"queue {group.Key}: {group.Count()}"));
        return string.Create(CultureInfo.InvariantCulture, $"{table.Count} buckets, {string.Join(", ", queues)}");
    }

    public static string AddRule(string interfaceName, FlowRule rule) => $"ethtool -N {interfaceName} {Of(rule)}";

    public static string RemoveRule(string interfaceName, int id) => string.Create(CultureInfo.InvariantCulture, $"ethtool -N {interfaceName} delete {id}");

    public static string SetSplit(string interfaceName, SplitSetting setting) => $"ethtool -G {interfaceName} {Of(setting)}";

    /// <summary>
    /// Returns the <c>ethtool</c> command that sets an RSS table. It uses weights, because ethtool cannot set single buckets.
    /// </summary>
    public static string SetTable(string interfaceName, IReadOnlyList<int> table)
    {
        IEnumerable<int> weights = Enumerable.Range(0, table.Count == 0 ? 0 : table.Max() + 1).Select(queue => table.Count(bucket => bucket == queue));
        return $"ethtool -X {interfaceName} weight {string.Join(' ', weights)}";
    }

    /// <summary>
    /// Returns the commands that lease a queue. They use the kernel's netlink client <c>ynl</c> in the container's namespace, because
    /// <c>ip</c> and <c>ethtool</c> cannot create leases. <c>ynl</c> needs indexes instead of names. It also needs the id that the
    /// container's network namespace uses for the network namespace of the host.
    /// </summary>
    public static IEnumerable<string> Lease(string interfaceName, int queue, ContainerInterface to)
    {
        string inside = $"nsenter --net={to.NamespacePath}";
        yield return $"{inside} ip netns set HOST 0   # HOST: a name of the host's namespace, as `ip netns attach HOST 1` makes it";
        yield return $"{inside} ynl --family netdev --do queue-create --json "
            + $"'{{\"ifindex\": INDEX_OF_{to.Interface}, \"type\": \"rx\", \"lease\": {{\"ifindex\": INDEX_OF_{interfaceName}, \"netns-id\": 0, \"queue\": {{\"id\": {queue.ToString(CultureInfo.InvariantCulture)}, \"type\": \"rx\"}}}}}}'";
    }
}
