using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Spectre.Console;
using Zcrx.Chaos.Kill;
using Zcrx.Chaos.Load;
using Zcrx.Chaos.Recovery;
using Zcrx.Chaos.Soak;
using Zcrx.Rx;

namespace Zcrx.Chaos;

/// <summary>Defines the command line. The soak test runs without a verb, and the other programs have verbs.</summary>
internal static class ChaosCommandLine
{
    private static readonly ChaosOptions Usual = new();

    private static readonly Option<int> Connections = new("--connections") { Description = "The number of senders. Each sends one stream after another.", DefaultValueFactory = static _ => Usual.Connections };
    private static readonly Option<int> Queues = new("--queues") { Description = "The number of queues.", DefaultValueFactory = static _ => Usual.Queues };
    private static readonly Option<ZcrxEngine> Engine = new("--engine") { Description = "emulated, io_uring, device-less or nic.", HelpName = "ENGINE", DefaultValueFactory = static _ => Usual.Engine, CustomParser = ReadEngine };
    private static readonly Option<string?> Interface = new("--interface") { Description = "With --engine nic: the interface.", HelpName = "NAME" };
    private static readonly Option<int> RxQueue = new("--queue") { Description = "With --engine nic: the first RX queue.", HelpName = "N" };
    private static readonly Option<string> Address = new("--address") { Description = "The address to listen on.", HelpName = "IP", DefaultValueFactory = static _ => Usual.Address };
    private static readonly Option<string?> SenderNamespace = new("--sender-netns") { Description = "Network namespace of the senders.", HelpName = "NAME" };
    private static readonly Option<string?> NicControl = new("--nic-control") { Description = "Program that removes the interface (remove) and restores it (restore).", HelpName = "FILE" };
    private static readonly Option<TimeSpan> Patience = new("--patience") { Description = "Deadline of each expected event.", HelpName = "TIME", DefaultValueFactory = static _ => Usual.Patience, CustomParser = ReadTime };

    public static Task<int> RunAsync(string[] args)
    {
        ParseResult parsed = Create().Parse(args);
        if (parsed.Action is System.CommandLine.Invocation.ParseErrorAction error)
        {
            error.ShowHelp = false;
        }

        return parsed.InvokeAsync();
    }

    private static RootCommand Create()
    {
        Option<TimeSpan> duration = new("--duration") { Description = "How long faults are injected, such as 60s or 10m.", HelpName = "TIME", DefaultValueFactory = static _ => Usual.Duration, CustomParser = ReadTime };
        Option<TimeSpan> interval = new("--interval") { Description = "Time between two faults.", HelpName = "TIME", DefaultValueFactory = static _ => Usual.Interval, CustomParser = ReadTime };
        Option<string[]> only = new("--only") { Description = "The name of a fault to inject, as in the summary. May be given several times. Default: all faults.", HelpName = "FAULT", DefaultValueFactory = static _ => [] };
        Option<int> seed = new("--seed") { Description = "Seed of all random choices. Default: a random seed.", HelpName = "N", DefaultValueFactory = static _ => Random.Shared.Next() };
        RootCommand command = new("Kills queues in every way while streams run, and accounts for every stream. Exit code 0 if no stream has a gap and every failure was reported.")
        {
            duration, interval, only, seed, Connections, Queues, Engine, Interface, RxQueue, Address, SenderNamespace, NicControl, Patience, RecoveryCommand(), KillCommand(), LoadCommand(), VictimCommand(),
        };
        command.SetAction(async (parsed, _) =>
        {
            ChaosOptions options = Common(parsed) with { Duration = parsed.GetValue(duration), Interval = parsed.GetValue(interval), Only = parsed.GetValue(only) ?? [], Seed = parsed.GetValue(seed) };
            AnsiConsole.WriteLine($"chaos for {options.Duration}, seed {options.Seed}");
            ChaosReport report = await new ChaosRun(options).RunAsync().ConfigureAwait(false);
            ChaosSummary.Write(AnsiConsole.Console, report);
            return report.HasPassed ? 0 : 1;
        });
        return command;
    }

    private static Command RecoveryCommand()
    {
        Option<int> kills = new("--kills") { Description = "The number of times that the ring fails.", DefaultValueFactory = static _ => 100 };
        Command command = new("recovery", "Measures the time from the failure of a ring to the next received byte, and the cost of a ring and a registration alone.") { kills, Engine, Interface, RxQueue, Address, SenderNamespace, Patience };
        command.SetAction((parsed, _) => RecoveryBenchmark.RunAsync(Common(parsed), parsed.GetValue(kills)));
        return command;
    }

    private static Command KillCommand()
    {
        Option<int> rounds = new("--rounds") { Description = "The number of rounds.", DefaultValueFactory = static _ => 10 };
        Command command = new("kill", "Kills a whole process that receives (SIGKILL), and starts it again at once on the same port and queue.") { rounds, Connections, Queues, Engine, Interface, RxQueue, Address, SenderNamespace, Patience };
        command.SetAction((parsed, _) => KillRun.RunAsync(Common(parsed), parsed.GetValue(rounds)));
        return command;
    }

    private static Command LoadCommand()
    {
        Option<int> idle = new("--idle") { Description = "The number of connections that are open at the same time.", DefaultValueFactory = static _ => 10_000 };
        Option<int> connects = new("--connects") { Description = "The number of short connections, one after another.", DefaultValueFactory = static _ => 20_000 };
        Option<int> slow = new("--slow") { Description = "The number of peers that send one byte a second.", DefaultValueFactory = static _ => 1_000 };
        Command command = new("load", "Measures the descriptors, the memory and the time that many peers cost a process.") { idle, connects, slow, Queues, Engine, Interface, RxQueue, Address, Patience };
        command.SetAction((parsed, _) => new LoadRun(Common(parsed), parsed.GetValue(idle), parsed.GetValue(connects), parsed.GetValue(slow)).RunAsync());
        return command;
    }

    private static Command VictimCommand()
    {
        Option<int> port = new("--port") { Required = true };
        Command command = new("victim", "Runs the process that is killed.") { port, Queues, Engine, Interface, RxQueue, Address };
        command.Hidden = true;
        command.SetAction((parsed, token) => Victim.RunAsync(Common(parsed), parsed.GetValue(port), token));
        return command;
    }

    private static ChaosOptions Common(ParseResult parsed) => Usual with
    {
        Connections = parsed.GetValue(Connections),
        Queues = int.Max(parsed.GetValue(Queues), 1),
        Engine = parsed.GetValue(Engine),
        Interface = parsed.GetValue(Interface),
        RxQueue = parsed.GetValue(RxQueue),
        Address = parsed.GetValue(Address) ?? Usual.Address,
        SenderNamespace = parsed.GetValue(SenderNamespace),
        NicControl = parsed.GetValue(NicControl),
        Patience = parsed.GetValue(Patience) is var patience && patience > TimeSpan.Zero ? patience : Usual.Patience,
    };

    private static ZcrxEngine ReadEngine(ArgumentResult result)
    {
        if (Enum.TryParse(result.Tokens[0].Value.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out ZcrxEngine engine) && Enum.IsDefined(engine))
        {
            return engine;
        }

        result.AddError($"'{result.Tokens[0].Value}' is not emulated, io_uring, device-less or nic.");
        return default;
    }

    private static TimeSpan ReadTime(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        (string number, double unit) = text switch
        {
            [.. var n, 'm', 's'] => (n, 0.001),
            [.. var n, 's'] => (n, 1),
            [.. var n, 'm'] => (n, 60),
            _ => (text, 0),
        };
        if (unit > 0 && double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value > 0)
        {
            return TimeSpan.FromSeconds(value * unit);
        }

        result.AddError($"'{text}' is not a time such as 100ms, 60s or 10m.");
        return default;
    }
}
