using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ClusterIngest;

/// <summary>Starts an edge and two workers, sends frames to the edge, and checks what the entities have stored.</summary>
internal sealed class DemoRun(DemoOptions options, IDemoView view) : IDisposable
{
    /// <summary>The name of the edge.</summary>
    public const string Edge = "edge";

    private const string Loopback = "127.0.0.1";

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly string _directory = Directory.CreateTempSubdirectory("cluster-ingest-").FullName;
    private readonly List<NodeProcess> _nodes = [];
    private DemoNetwork? _network;

    /// <summary>Gets the names of the workers.</summary>
    public static IReadOnlyList<string> Workers { get; } = ["worker-1", "worker-2"];

    public void Dispose()
    {
        _nodes.ForEach(static node => node.Dispose());
        Directory.Delete(_directory, recursive: true);
    }

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (options.Partition is { } partition)
        {
            _network = await DemoNetwork.CreateAsync(Edge, Workers, partition.MaxRetransmission);
        }

        NodeProcess edge = Start(Edge, "edge", "--listen", _network is null ? Loopback : DemoNetwork.EdgeAddress);
        string address = await edge.Node.WaitAsync(StartTimeout, cancellationToken);
        foreach (string worker in Workers)
        {
            Start(worker, "worker", "--join", address, "--directory", _directory, "--delay", options.EntityDelay.TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        }

        await Task.WhenAll(_nodes.Select(node => node.Node.WaitAsync(StartTimeout, cancellationToken)));
        IPEndPoint port = IPEndPoint.Parse(await edge.Port.WaitAsync(StartTimeout, cancellationToken));
        view.Say($"Nodes {string.Join(", ", _nodes.Select(static node => $"{node.Name} (process {node.Id})"))}");
        view.Say($"Sending {options.TotalFrames:N0} frames of {options.Length} bytes over {options.Connections} connections to {port}");

        long start = Stopwatch.GetTimestamp();
        FrameSender[] senders = [.. Enumerable.Range(0, options.Connections).Select(connection => new FrameSender(connection, options))];
        Task sending = Task.WhenAll(senders.Select(sender => sender.RunAsync(port, cancellationToken)));
        await WatchAsync(sending, senders, start);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        List<string> failures = [.. senders.Select(static sender => sender.Problem).OfType<string>()];

        // Stops the workers before the edge. Each worker leaves the cluster in order; the last one has the shard coordinator.
        foreach (NodeProcess node in _nodes.AsEnumerable().Reverse())
        {
            bool wasAlive = !node.HasEnded;
            int? code = await node.StopAsync();
            if (wasAlive && code != 0)
            {
                failures.Add($"{node.Name} ended with {code?.ToString(CultureInfo.InvariantCulture) ?? "a timeout"}");
            }
            else if (node == edge && code != 0)
            {
                failures.Add($"The edge died with {code}. The end of a connection does not prove that its frames are stored.");
            }
        }

        failures.ForEach(view.Say);
        Verdict verdict = Verdict.Of(options, PartitionJournal.ReadAll(_directory));
        double rate = options.TotalFrames * (double)options.Length / elapsed.TotalSeconds / (1 << 20);
        view.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"Edge: {edge.Numbers[0]:N0} chunks, {(double)edge.Numbers[3] / options.TotalFrames:F0} bytes allocated for each frame, {edge.Numbers[4] >> 20} MiB of memory at most"));
        view.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{elapsed.TotalSeconds:F1} s, {rate:F1} MiB/s, longest stall {view.LongestStall.TotalSeconds:F1} s, chunks sent again {edge.Numbers[1]:N0}, frames discarded {_nodes.Skip(1).Sum(static node => node.Numbers[1]):N0}"));
        view.Say(verdict.ToString());
        return verdict.IsGood && failures.Count == 0 ? 0 : 1;
    }

    private NodeProcess Start(string name, string command, params IEnumerable<string> arguments)
    {
        NodeOptions node = new(_network?.AddressOf(name) ?? Loopback, options.StableAfter);
        NodeProcess process = NodeProcess.Start(name, _network is not null, [command, .. node.ToArguments(), .. arguments]);
        _nodes.Add(process);
        return process;
    }

    /// <summary>Shows the progress until all connections have ended.</summary>
    private async Task WatchAsync(Task sending, IReadOnlyList<FrameSender> senders, long start)
    {
        bool isSent = false;
        using DemoPartition? partition = options.Partition is { } planned ? new(planned, options.TotalFrames, view) : null;
        do
        {
            if (partition is not null)
            {
                await partition.OnProgressAsync(Stopwatch.GetElapsedTime(start), _nodes.Skip(1).Sum(static node => node.Numbers[0]));
            }

            long sent = senders.Sum(static sender => (long)sender.Sent);
            view.Show(Stopwatch.GetElapsedTime(start), sent, options.TotalFrames, _nodes);
            if (!isSent && sent == options.TotalFrames && _nodes[0].Numbers[5] == options.Connections)
            {
                isSent = true;
                view.Say("All frames are sent, and all connections are accepted");
            }
        }
        while (await Task.WhenAny(sending, Task.Delay(Tick)) != sending);

        await sending;
    }
}
