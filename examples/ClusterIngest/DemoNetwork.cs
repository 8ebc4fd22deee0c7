using System.Diagnostics;

namespace ClusterIngest;

/// <summary>Gives each node a network namespace, connected to the others by a bridge. The bridge is in the namespace of the demo.</summary>
/// <remarks>
/// The clients reach the edge by a separate link, so that a partition of the cluster does not cut them off. The network needs no clean-up,
/// because it ends with the namespaces of <see cref="IsolatedDemo"/>.
/// </remarks>
internal sealed class DemoNetwork
{
    private const string Bridge = "cluster";
    private const string ClientsAddress = "10.78.0.1";

    private readonly Dictionary<string, string> _addresses;

    private DemoNetwork(IEnumerable<string> nodes) =>
        _addresses = nodes.Index().ToDictionary(static node => node.Item, static node => $"10.77.0.{node.Index + 1}");

    /// <summary>Gets the address of the edge for clients.</summary>
    public static string EdgeAddress => "10.78.0.2";

    /// <summary>Creates the network.</summary>
    /// <param name="edge">The name of the edge.</param>
    /// <param name="workers">The names of the workers.</param>
    /// <param name="maxRetransmission">The longest time between two retransmissions of TCP; null for the kernel's default.</param>
    /// <exception cref="InvalidOperationException">The kernel or the privileges do not allow it.</exception>
    public static async Task<DemoNetwork> CreateAsync(string edge, IEnumerable<string> workers, TimeSpan? maxRetransmission)
    {
        DemoNetwork network = new([edge, .. workers]);
        await IpAsync([], $"link add {Bridge} type bridge", $"link set {Bridge} up", "link set lo up");
        foreach ((string node, string address) in network._addresses)
        {
            await IpAsync([], $"netns add {node}", $"link add {node} type veth peer name {Bridge} netns {node}", $"link set {node} master {Bridge} up");
            await IpAsync(["-n", node], "link set lo up", $"addr add {address}/24 dev {Bridge}", $"link set {Bridge} up");
            if (maxRetransmission is { } longest)
            {
                await RunAsync("ip", ["netns", "exec", node, "sysctl", "-q", "-w", $"net.ipv4.tcp_rto_max_ms={(int)longest.TotalMilliseconds}"], "");
            }
        }

        await IpAsync([], $"link add clients type veth peer name clients netns {edge}", $"addr add {ClientsAddress}/24 dev clients", "link set clients up");
        await IpAsync(["-n", edge], $"addr add {EdgeAddress}/24 dev clients", "link set clients up");
        return network;
    }

    /// <summary>Returns the address at which the other nodes reach a node.</summary>
    public string AddressOf(string node) => _addresses[node];

    /// <summary>Takes down the link between a node and the bridge, or brings it up again.</summary>
    public static Task SetLinkAsync(string node, bool isUp) => IpAsync([], $"link set {node} {(isUp ? "up" : "down")}");

    private static Task IpAsync(IEnumerable<string> options, params IEnumerable<string> commands) => RunAsync("ip", [.. options, "-batch", "-"], string.Join('\n', commands));

    private static async Task RunAsync(string program, IEnumerable<string> arguments, string input)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardError = true, UseShellExecute = false })!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"Could not create the network of the nodes: {errors.Trim()}");
        }
    }
}
