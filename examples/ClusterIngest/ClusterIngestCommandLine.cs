using System.CommandLine;
using System.Runtime.InteropServices;

namespace ClusterIngest;

/// <summary>Defines and parses the command line.</summary>
internal static class ClusterIngestCommandLine
{
    public static Task<int> RunAsync(string[] arguments)
    {
        RootCommand root = new("Receives frames at an edge and stores them at the shards of two workers.") { Demo(), Edge(), Worker() };
        // By default, System.CommandLine ends the process two seconds after a signal. The nodes and the demo may take longer to stop.
        return root.Parse(arguments).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    private static Command Demo()
    {
        Option<int> connections = Positive("--connections", "The number of connections.", 4);
        Option<int> frames = Positive("--frames", "The number of frames of each connection.", 32_768);
        Option<int> length = new("--length") { Description = "The number of bytes of a frame.", DefaultValueFactory = static _ => 1024 };
        length.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() is < DemoFrame.Header or > 65_536)
            {
                result.AddError($"--length must be between {DemoFrame.Header} and 65536.");
            }
        });
        Option<int> pace = new("--pace") { Description = "Frames per second of each connection; 0 for as fast as possible." };
        Option<double> delay = new("--delay") { Description = "How many milliseconds an entity takes for a chunk." };
        Option<double> stableAfter = StableAfter();
        Option<string?> partition = new("--partition") { Description = "Cuts a node off from the others when a quarter of the frames is stored. Each node has a network namespace then." };
        partition.AcceptOnlyFromAmong([DemoRun.Edge, .. DemoRun.Workers]);
        Option<double?> healAfter = new("--heal-after") { Description = "How many seconds the partition lasts. By default it ends when the demo receives SIGCONT." };
        Option<double?> maxRetransmission = new("--rto-max")
        {
            Description = "The most seconds between two retransmissions of TCP in a partition, at least 1. Needs Linux 6.15. The kernel's default is 120.",
        };
        Option<bool> takeover = new("--takeover")
        {
            Description = "Starts a second edge when a quarter of the frames is stored. It takes over the port, and half of the connections are opened after that.",
        };
        Option<bool> isIsolated = new("--isolated") { Hidden = true };
        Command command = new("demo", "Starts an edge and two workers on loopback, sends frames, and checks that each is stored once.")
        {
            connections, frames, length, pace, delay, stableAfter, partition, healAfter, maxRetransmission, takeover, isIsolated,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(takeover) && (result.GetValue(partition) is not null || result.GetValue(connections) < 2))
            {
                result.AddError("--takeover needs at least 2 connections, and cannot be combined with --partition.");
            }
        });
        command.SetAction(async (result, _) =>
        {
            using CancellationTokenSource stopping = new();
            using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
            using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
            PartitionOptions? planned = result.GetValue(partition) is { } node
                ? new(node, Seconds(result.GetValue(healAfter)), Seconds(result.GetValue(maxRetransmission)))
                : null;
            if (planned is not null && !result.GetValue(isIsolated))
            {
                return await IsolatedDemo.RunAsync([.. result.Tokens.Select(static token => token.Value), isIsolated.Name], stopping.Token);
            }

            DemoOptions options = new(
                result.GetValue(connections),
                result.GetValue(frames),
                result.GetValue(length),
                result.GetValue(pace),
                TimeSpan.FromMilliseconds(result.GetValue(delay)),
                TimeSpan.FromSeconds(result.GetValue(stableAfter)),
                planned,
                result.GetValue(takeover));
            using DemoRun run = new(options, new DemoView(Console.Out, !Console.IsOutputRedirected));
            return await run.RunAsync(stopping.Token);

            void Stop(PosixSignalContext context)
            {
                context.Cancel = true;
                stopping.Cancel();
            }
        });
        return command;
    }

    private static Command Edge()
    {
        Option<string> listen = new("--listen") { Description = "The address of the listener.", Required = true };
        Option<string?> join = new("--join") { Description = "The address of a node of the cluster. By default the edge begins a cluster." };
        Option<string?> takeover = new("--takeover") { Description = "The path at which a new edge takes over from an old one." };
        (Option<string> address, Option<double> stableAfter) = (Address(), StableAfter());
        Command command = new("edge", "Runs the edge. The demo starts it.") { listen, join, takeover, address, stableAfter };
        command.SetAction((result, token) => EdgeProgram.RunAsync(
            NodeOptions(result, address, stableAfter), result.GetRequiredValue(listen), result.GetValue(join), result.GetValue(takeover), token));
        return command;
    }

    private static Command Worker()
    {
        Option<string> join = new("--join") { Description = "The address of a node of the cluster.", Required = true };
        Option<string> directory = new("--directory") { Description = "The directory of the journals, shared by the workers.", Required = true };
        Option<double> delay = new("--delay") { Description = "How many milliseconds an entity takes for a chunk." };
        (Option<string> address, Option<double> stableAfter) = (Address(), StableAfter());
        Command command = new("worker", "Runs a worker. The demo starts it.") { join, directory, delay, address, stableAfter };
        command.SetAction((result, token) => WorkerProgram.RunAsync(
            NodeOptions(result, address, stableAfter), result.GetRequiredValue(join), result.GetRequiredValue(directory), TimeSpan.FromMilliseconds(result.GetValue(delay)), token));
        return command;
    }

    private static TimeSpan? Seconds(double? value) => value is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static Option<string> Address() => new("--address") { Description = "The address at which the other nodes reach this one.", Required = true };

    private static Option<double> StableAfter() =>
        new("--stable-after") { Description = "How many seconds a partition must last before the split-brain resolver decides.", DefaultValueFactory = static _ => 2 };

    private static NodeOptions NodeOptions(ParseResult result, Option<string> address, Option<double> stableAfter) =>
        new(result.GetRequiredValue(address), TimeSpan.FromSeconds(result.GetValue(stableAfter)));

    private static Option<int> Positive(string name, string description, int value)
    {
        Option<int> option = new(name) { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() <= 0)
            {
                result.AddError($"{name} must be at least 1.");
            }
        });
        return option;
    }
}
