using System.Globalization;
using Zcrx.Fuzz.Guidance;
using Zcrx.Fuzz.Support;
using Zcrx.Fuzz.Targets;

namespace Zcrx.Fuzz;

/// <summary>Runs parsers one after another. Prints <c>PASS|FAIL name</c> after each, and counts the results.</summary>
internal static class FuzzRunner
{
    private static readonly IFuzzTarget[] Targets =
    [
        new FramingTarget(), new TakeoverMessageTarget(), new TakeoverLinkTarget(), new JournalTarget(), new NetlinkTarget(), new FlowRuleTarget(), new RefillTarget(), new CompletionTarget(),
    ];

    /// <summary>Gets the names of all parsers.</summary>
    public static IEnumerable<string> Names => Targets.Select(static target => target.Name);

    public static int Run(FuzzOptions options, IReadOnlyCollection<string> only, Coverage? coverage, TextWriter output)
    {
        output.WriteLine($"fuzz for {options.Duration.TotalSeconds:0} s each, seed {options.Seed}{(coverage is null ? "" : ", guided by coverage")}");
        int failed = 0;
        IFuzzTarget[] targets = [.. Targets.Where(target => only.Count == 0 || only.Contains(target.Name))];
        foreach (IFuzzTarget target in targets)
        {
            failed += Report(target, new FuzzRun(target, options, coverage).Execute(), output) ? 0 : 1;
        }

        output.WriteLine($"{targets.Length - failed} passed, {failed} failed");
        return failed == 0 && targets.Length > 0 ? 0 : 1;
    }

    /// <summary>Runs a parser on an input that was saved by an earlier run.</summary>
    public static int Replay(string parser, string path, FuzzOptions options, TextWriter output)
    {
        IFuzzTarget target = Targets.Single(target => target.Name == parser);
        return Report(target, new FuzzRun(target, options, null).Replay(InputRecord.Read(path)), output) ? 0 : 1;
    }

    private static bool Report(IFuzzTarget target, FuzzResult result, TextWriter output)
    {
        if (result.Failure is null)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"PASS {target.Name} [{result.Inputs:n0} inputs, {result.Kept:n0} in the corpus]"));
        }
        else
        {
            output.WriteLine($"FAIL {target.Name} after {result.Inputs} inputs [{result.Failure.Message.ReplaceLineEndings(" ")}]");
            output.WriteLine($"input: {Convert.ToHexString(result.Input ?? [])}");
            output.WriteLine(result.Failure);
        }

        output.Flush();
        return result.Failure is null;
    }
}
