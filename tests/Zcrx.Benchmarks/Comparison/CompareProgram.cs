using Zcrx.Benchmarks.Loop;
using Zcrx.Benchmarks.Receivers;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>The comparison: all cases of a round, then the next round, so that what disturbs the machine hits all of them.</summary>
internal static class CompareProgram
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args.Any(static arg => arg is "--help" or "-h"))
        {
            Console.WriteLine(CompareOptions.Usage.Replace("RECEIVERS", string.Join(", ", ReceiverKind.All.Select(kind => kind.Name)), StringComparison.Ordinal));
            return 0;
        }

        CompareOptions options;
        try
        {
            options = CompareOptions.Parse(args);
        }
        catch (FormatException exception)
        {
            await Console.Error.WriteLineAsync($"bench: {exception.Message} --help lists what there is.");
            return 2;
        }

        IReadOnlyList<LoopResult> loop = options.WithLoop ? LoopProgram.Measure(options.IsShort) : [];
        CaseResults results = new();
        CaseRunner runner = new(options);
        for (int round = 1; round <= options.Rounds; round++)
        {
            foreach (int connections in options.Connections)
            {
                Console.WriteLine($"round {round} of {options.Rounds}, {connections} connections: {string.Join(", ", options.Receivers)}");
                foreach (string receiver in options.Receivers)
                {
                    try
                    {
                        await RunAsync(new ComparisonCase(receiver, connections));
                    }
                    catch (InvalidOperationException exception)
                    {
                        await Console.Error.WriteLineAsync($"bench: {exception.Message}");
                        return 1;
                    }
                }
            }
        }

        string report = Report.Write(options, results, loop);
        if (options.ReportPath is { } path)
        {
            await File.WriteAllTextAsync(path, report);
        }
        else
        {
            Console.WriteLine();
            Console.Write(report);
        }

        return 0;

        async Task RunAsync(ComparisonCase item)
        {
            Measurement measurement = await runner.RunAsync(item);
            results.Add(item, measurement);
            if (options.IsVerbose)
            {
                Console.WriteLine(FormattableString.Invariant(
                    $"  {item.Receiver,-10} {measurement.PerCpuSecond,6:0.00} GiB/CPU-s {measurement.PerSecond,6:0.00} GiB/s  {ByteSize.Format(measurement.AllocatedPerGiB),10} a GiB  {measurement.Note}"));
            }
        }
    }
}
