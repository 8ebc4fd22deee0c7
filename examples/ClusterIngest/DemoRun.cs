using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ClusterIngest;

/// <summary>Starts an edge and two workers, sends frames to the edge, and checks the frames that the entities have stored.</summary>
internal sealed class DemoRun(DemoOptions options, IDemoView view) : IDisposable
{
    /// <summary>The name of the edge.</summary>
    public const string Edge = "edge";

    /// <summary>The time limit for a node to become a member of the cluster.</summary>
    public static TimeSpan StartTimeout { get; } = TimeSpan.FromSeconds(60);

    private const string SecondEdge = "edge-2";

    private const string Loopback = "127.0.0.1";

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    private readonly string _directory = Directory.CreateTempSubdirectory("cluster-ingest-").FullName;
    private readonly List<NodeProcess> _edges = [];
    private readonly List<NodeProcess> _workers = [];
    private DemoNetwork? _network;

    /// <summary>Gets the names of the workers.</summary>
    public static IReadOnlyList<string> Workers { get; } = ["worker-1", "worker-2"];

    private List<NodeProcess> Nodes => [.. _edges, .. _workers];

    public void Dispose()
    {
        Nodes.ForEach(static node => node.Dispose());
        Directory.Delete(_directory, recursive: true);
    }

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (options.Partition is { } partition)
        {
            _network = await DemoNetwork.CreateAsync(Edge, Workers, partition.MaxRetransmission);
        }

        NodeProcess edge = StartEdge(Edge);
        string address = await edge.Node.WaitAsync(StartTimeout, cancellationToken);
        foreach (string worker in Workers)
        {
            Start(_workers, worker, "worker", "--join", address, "--directory", _directory, "--delay", options.EntityDelay.TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        }

        await Task.WhenAll(Nodes.Select(node => node.Node.WaitAsync(StartTimeout, cancellationToken)));
        IPEndPoint port = IPEndPoint.Parse(await edge.Port.WaitAsync(StartTimeout, cancellationToken));
        view.Say($"Nodes {string.Join(", ", Nodes.Select(static node => $"{node.Name} (process {node.Id})"))}");
        view.Say($"Sending {options.TotalFrames:N0} frames of {options.Length} bytes over {options.Connections} connections to {port}");

        long start = Stopwatch.GetTimestamp();
        FrameSender[] senders = [.. Enumerable.Range(0, options.Connections).Select(connection => new FrameSender(connection, options))];
        DemoTakeover? takeover = options.Takeover ? new(options.TotalFrames, edge, () => StartEdge(SecondEdge, "--join", address), view) : null;
        Task sending = Task.WhenAll(senders.Select(async (sender, connection) =>
        {
            if (takeover is not null && connection >= options.ConnectionsAtStart)
            {
                await takeover.Done.WaitAsync(cancellationToken);
            }

            await sender.RunAsync(port, cancellationToken);
        }));
        await WatchAsync(sending, senders, takeover, start);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        List<string> failures = [.. senders.Select(static sender => sender.Problem).OfType<string>()];
        if (takeover is not null && await takeover.EndAsync() is { } problem)
        {
            failures.Add(problem);
        }

        // Stops the workers before the edges, so that each worker can leave the cluster while other members still run.
        foreach (NodeProcess node in Nodes.AsEnumerable().Reverse())
        {
            bool wasAlive = !node.HasEnded;
            int? code = await node.StopAsync();
            if (wasAlive && code != 0)
            {
                failures.Add($"{node.Name} ended with {code?.ToString(CultureInfo.InvariantCulture) ?? "a timeout"}");
            }
            else if (_edges.Contains(node) && code != 0)
            {
                failures.Add($"The edge died with {code}. The end of a connection does not prove that its frames are stored.");
            }
        }

        IReadOnlyList<DemoFrame> stored = PartitionJournal.ReadAll(_directory);
        long?[] confirmed = [.. senders.Select(static sender => sender.Confirmed)];
        failures.AddRange(Verdict.CheckConfirmations(confirmed, stored));
        failures.ForEach(view.Say);
        Verdict verdict = Verdict.Of(failures.Count, [.. senders.Select(static sender => sender.Sent)], confirmed, stored);
        double rate = verdict.Sent * (double)options.Length / elapsed.TotalSeconds / (1 << 20);
        view.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"Edge: {_edges.Sum(static node => node.Numbers[0]):N0} chunks, {(double)_edges.Sum(static node => node.Numbers[3]) / verdict.Sent:F0} bytes allocated for each frame, {_edges.Max(static node => node.Numbers[4]) >> 20} MiB of memory at most"));
        view.Say(string.Create(
            CultureInfo.InvariantCulture,
            $"{elapsed.TotalSeconds:F1} s, {rate:F1} MiB/s, longest stall {view.LongestStall.TotalSeconds:F1} s, chunks sent again {_edges.Sum(static node => node.Numbers[1]):N0}, frames discarded {_workers.Sum(static node => node.Numbers[1]):N0}"));
        view.Say(verdict.ToString());
        return verdict.IsGood ? 0 : 1;
    }

    private NodeProcess StartEdge(string name, params IEnumerable<string> arguments)
    {
        IEnumerable<string> takeover = options.Takeover ? ["--takeover", DemoTakeover.PathIn(_directory)] : [];
        return Start(_edges, name, "edge", ["--listen", _network is null ? Loopback : DemoNetwork.EdgeAddress, .. takeover, .. arguments]);
    }

    private NodeProcess Start(List<NodeProcess> nodes, string name, string command, params IEnumerable<string> arguments)
    {
        NodeOptions node = new(_network?.AddressOf(name) ?? Loopback, options.StableAfter);
        NodeProcess process = NodeProcess.Start(name, _network is not null, [command, .. node.ToArguments(), .. arguments]);
        nodes.Add(process);
        return process;
    }

    /// <summary>Shows the progress until all connections have ended.</summary>
    private async Task WatchAsync(Task sending, IReadOnlyList<FrameSender> senders, DemoTakeover? takeover, long start)
    {
        bool isSent = false;
        using DemoPartition? partition = options.Partition is { } planned ? new(planned, options.TotalFrames, view) : null;
        do
        {
            long taken = _workers.Sum(static node => node.Numbers[0]);
            if (partition is not null)
            {
                await partition.OnProgressAsync(Stopwatch.GetElapsedTime(start), taken);
            }

            if (takeover is not null)
            {
                await takeover.OnProgressAsync(taken);
            }

            long sent = senders.Sum(static sender => (long)sender.Sent);
            view.Show(Stopwatch.GetElapsedTime(start), sent, options.TotalFrames, _edges, _workers);
            if (!isSent && sent == options.TotalFrames && _edges.Sum(static node => node.Connections) == options.Connections)
            {
                isSent = true;
                view.Say("All frames are sent, and all connections are accepted");
            }
        }
        while (await Task.WhenAny(sending, Task.Delay(Tick)) != sending);

        await sending;
    }
}
