using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using Zcrx.Benchmarks.Receivers;
using Zcrx.Rx;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Defines the command line of the comparison.</summary>
internal static class CompareCommand
{
    private static readonly CompareOptions Usual = new();

    private static readonly CompareOptions Brief = new() { IsShort = true, Volume = 512L << 20, Rounds = 1 };

    public static Task<int> RunAsync(string[] args)
    {
        ParseResult parsed = Create().Parse(args);
        if (parsed.Action is ParseErrorAction error)
        {
            // Prints only the error, because it would be lost in the long help text.
            error.ShowHelp = false;
        }

        return parsed.InvokeAsync();
    }

    private static RootCommand Create()
    {
        Option<bool> brief = new("--short") { Description = "A smoke run: less traffic, one round, a shorter micro-benchmark." };
        Option<long?> volume = new("--volume")
        {
            Description = "Traffic of one case, such as 4GiB; slow receivers get a part of it.",
            HelpName = "SIZE",
            CustomParser = static result => ReadSize(result),
        };
        Option<long?> warmUp = new("--warm-up")
        {
            Description = "Traffic of one case that is not measured; a third of the volume by default.",
            HelpName = "SIZE",
            CustomParser = static result => ReadSize(result),
        };
        Option<int?> rounds = new("--rounds")
        {
            Description = "How often each case runs; medians are printed.",
            HelpName = "N",
            CustomParser = static result => ReadCount(result, result.Tokens[0].Value),
        };
        Option<int[]> connections = new("--connections")
        {
            Description = "Connection counts.",
            HelpName = "N,N",
            DefaultValueFactory = static _ => [.. Usual.Connections],
            CustomParser = static result => [.. result.Tokens[0].Value.Split(',').Select(count => ReadCount(result, count) ?? 0)],
        };
        Option<string[]> receivers = new("--receivers")
        {
            Description = $"Some of {string.Join(", ", ReceiverKind.All.Select(static kind => kind.Name))}.",
            HelpName = "A,B",
            DefaultValueFactory = static _ => [.. Usual.Receivers],
            CustomParser = static result => [.. result.Tokens[0].Value.Split(',').Select(name => ReadReceiver(result, name))],
        };
        Option<bool> hash = new("--hash") { Description = "Reads every byte and compares the sums with those of the sent bytes." };
        Option<bool> withoutLoop = new("--no-loop") { Description = "Skips the micro-benchmark." };
        Option<bool> verbose = new("--verbose") { Description = "Prints the result of every run when it ends." };
        Option<string?> report = new("--report") { Description = "Writes the final table to this file instead of the output.", HelpName = "FILE" };
        RootCommand command = new(
            "Compares receivers over loopback, each in a fresh process, the sender in another; then measures the path of one buffer. 'loop' as the first argument: only that, with BenchmarkDotNet's own arguments.")
        {
            brief, volume, warmUp, rounds, connections, receivers, hash, withoutLoop, verbose, report,
        };
        command.Validators.Add(parsed =>
        {
            long measured = parsed.GetValue(volume) ?? (parsed.GetValue(brief) ? Brief : Usual).Volume;
            if (parsed.GetValue(warmUp) >= measured)
            {
                parsed.AddError($"--warm-up must be less than the volume, {new ByteSize(measured)}.");
            }
        });
        command.SetAction((parsed, _) =>
        {
            CompareOptions start = parsed.GetValue(brief) ? Brief : Usual;
            return CompareProgram.RunAsync(start with
            {
                Volume = parsed.GetValue(volume) ?? start.Volume,
                WarmUp = parsed.GetValue(warmUp),
                Rounds = parsed.GetValue(rounds) ?? start.Rounds,
                Connections = parsed.GetRequiredValue(connections),
                Receivers = parsed.GetRequiredValue(receivers),
                ReadsAll = parsed.GetValue(hash),
                WithLoop = !parsed.GetValue(withoutLoop),
                IsVerbose = parsed.GetValue(verbose),
                ReportPath = parsed.GetValue(report),
            });
        });
        return command;
    }

    private static long? ReadSize(ArgumentResult result) =>
        ByteSize.TryParse(result.Tokens[0].Value, out ByteSize size) && size > 0 ? size.Bytes : Refuse<long?>(result, "a size such as 512MiB or 4GiB");

    private static int? ReadCount(ArgumentResult result, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : Refuse<int?>(result, "a number above 0");

    private static string ReadReceiver(ArgumentResult result, string name) =>
        ReceiverKind.Find(name) is not null ? name : Refuse<string>(result, $"some of {string.Join(", ", ReceiverKind.All.Select(static kind => kind.Name))}")!;

    private static T? Refuse<T>(ArgumentResult result, string expected)
    {
        result.AddError($"{((OptionResult)result.Parent!).Option.Name} must be {expected}, but is '{result.Tokens[0].Value}'.");
        return default;
    }
}
