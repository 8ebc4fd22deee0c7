using System.CommandLine;
using System.Net;
using Ingest.Display;
using Ingest.Values;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Ingest.Commands;

/// <summary>Defines the command `doctor`.</summary>
internal static class DoctorCommand
{
    public const string Notes =
        """
        A line a check, each with what would help. Exit code 0 exactly when a queue can be registered, else 1. Warnings do
        not count: what they are about costs speed, or stands in others' way.

        Whether a driver can do it is not to be read from anywhere. So, when nothing else stands in the way, a queue is
        registered and given back at once; the driver restarts the RX queue for that, and TCP sends again what that drops.

        Examples:
          Ingest doctor --interface eth0 --queue 3
          Ingest doctor --interface eth0 --queue 3 --no-try    # only look
          Ingest doctor --interface eth0 --queue 3 --plan 9000 # what ConfigureNic would change for a listener on port 9000
          Ingest doctor --interface eth0 --queue 3 --plan 9000 --container web --container-interface nkc   # with a lease

        Inside a container, what is marked `host` belongs to the host of the container: see `lease --help`.
        """;

    public static Command Create()
    {
        Option<string> networkInterface = ValueOption.Create<string>("--interface", "IF", "Network interface (for example eth0).", required: true, ReadName);
        Option<int> queue = ValueOption.Create("--queue", "Q", "Index of its RX queue.", 0, Number.Between(0, 4095));
        Option<ByteSize> area = ValueOption.Create(
            "--area", "SIZE", "Size of the receive memory.", 64.MiB(), SizeText.Between(new ByteSize(2 * Environment.SystemPageSize), 1.GiB()));
        Option<bool> noTry = new("--no-try") { Description = "Check only, and register nothing." };
        Option<int?> plan = ValueOption.Create<int?>(
            "--plan", "PORT", "Print the changes that ConfigureNic would make for a listener on this port, as commands, and make none.", required: false, PortText.Read);
        ContainerOption container = new(required: false);
        Command command = new("doctor", "Shows what prevents this process from zero-copy receive on an interface's queue, and how to fix it.")
        {
            networkInterface,
            queue,
            area,
            noTry,
            plan,
        };
        container.AddTo(command);
        command.SetAction(parsed =>
        {
            string name = parsed.GetRequiredValue(networkInterface);
            int index = parsed.GetValue(queue);
            long size = parsed.GetValue(area).Bytes;
            ContainerInterface? to = container.Read(parsed);
            if (parsed.GetValue(plan) is { } port)
            {
                DryRunSteering dryRun = new(Console.Out.WriteLine);
                NicSetup setup = new(name, new NetlinkNicFacts(), dryRun, leasing: dryRun);
                _ = to is null ? setup.ClaimQueue(index) : setup.LeaseQueue(index, to);
                setup.ClaimPort(new IPEndPoint(IPAddress.IPv6Any, port), index);
                return ExitCode.Success;
            }

            if (to is not null)
            {
                throw new UsageException("--container needs --plan: inside the container, run `Ingest doctor` there.");
            }

            NicPreflight preflight = parsed.GetValue(noTry) ? NicPreflight.Look(name, index, size) : NicPreflight.Try(name, index, size);
            DoctorReport.Write(Terminal.Create(), $"RX queue {index} of {name}", preflight);
            return preflight.CanRegister ? ExitCode.Success : ExitCode.Failure;
        });
        return command;
    }

    /// <summary>Accepts any name, because the command itself reports a missing interface.</summary>
    private static string? ReadName(string text, out string value)
    {
        value = text;
        return text.Length > 0 ? null : "the name of a network interface";
    }
}
