using System.CommandLine;
using System.Globalization;
using System.Net;
using Ingest.Values;
using Zcrx.Interop;

namespace Ingest.Commands;

/// <summary>Defines the command `lease`.</summary>
internal static class LeaseCommand
{
    public const string Notes =
        """
        Runs on the host, as root, as long as the container receives. SIGINT or SIGTERM undoes everything but the lease
        itself, which ends when the container's interface is deleted. After a crash the next start undoes it.

        The container then receives on the RX queue that is printed:
          Ingest serve --listen [::]:9000 --engine nic --interface nkc --queue 1

        Examples:
          Ingest lease --interface eth0 --queue 3 --port 9000 --container web --container-interface nkc
          Ingest doctor --interface eth0 --queue 3 --plan 9000 --container web --container-interface nkc   # only print it
        """;

    public static Command Create()
    {
        Option<string> networkInterface = ValueOption.Create<string>("--interface", "IF", "The NIC (for example eth0).", required: true, ReadName);
        Option<int> queue = ValueOption.Create("--queue", "Q", "Index of the RX queue to lease.", 0, Number.Between(0, 4095));
        Option<int?> port = ValueOption.Create<int?>("--port", "PORT", "Add flow rules that steer TCP connections to this port to the RX queue.", required: false, PortText.Read);
        ContainerOption container = new(required: true);
        Command command = new("lease", "Does the host's part of zero copy inside a container: sets a NIC up and leases one of its RX queues to the container's netkit interface.")
        {
            networkInterface,
            queue,
            port,
        };
        container.AddTo(command);
        command.SetAction((parsed, _) => RunAsync(parsed.GetRequiredValue(networkInterface), parsed.GetValue(queue), parsed.GetValue(port), container.Read(parsed)!));
        return command;
    }

    private static async Task<int> RunAsync(string name, int queue, int? port, ContainerInterface to)
    {
        using Interruption interruption = new();
        NicChangeJournal journal = NicChangeJournal.OfThisProcess(report: Console.Out.WriteLine);
        NicSetup setup = new(name, new NetlinkNicFacts(), journal, Console.Out.WriteLine, journal);
        using (NicQueueLease lease = setup.LeaseQueue(queue, to))
        using (IDisposable? claim = port is { } number ? setup.ClaimPort(new IPEndPoint(IPAddress.IPv6Any, number), queue) : null)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Leased: register on RX queue {lease.Queue} of {to.Interface}, inside {to.Container}."));
            await Task.Delay(Timeout.Infinite, interruption.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        return journal.Undo() ? ExitCode.Success : ExitCode.Failure;
    }

    private static string? ReadName(string text, out string value)
    {
        value = text;
        return text.Length > 0 ? null : "the name of a network interface";
    }
}
