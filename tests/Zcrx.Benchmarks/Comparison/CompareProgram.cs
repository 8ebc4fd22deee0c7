using Zcrx.Benchmarks.Loop;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Runs the comparison in rounds. Each round runs all cases, so that a disturbance of the machine affects all of them.</summary>
internal static class CompareProgram
{
    public static async Task<int> RunAsync(CompareOptions options)
    {
        IReadOnlyList<LoopResult> loop = options.WithLoop ? LoopProgram.Measure(options.IsShort) : [];
        CaseResults<ComparisonCase, Measurement> results;
        try
        {
            results = await MeasureAsync(options);
        }
        catch (InvalidOperationException exception)
        {
            await Console.Error.WriteLineAsync($"bench: {exception.Message}");
            return 1;
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
    }

    /// <summary>Runs all cases in rounds.</summary>
    /// <exception cref="InvalidOperationException">A case has failed.</exception>
    public static async Task<CaseResults<ComparisonCase, Measurement>> MeasureAsync(CompareOptions options)
    {
        CaseResults<ComparisonCase, Measurement> results = new();
        CaseRunner runner = new(options);
        for (int round = 1; round <= options.Rounds; round++)
        {
            foreach (int connections in options.Connections)
            {
                Console.WriteLine($"round {round} of {options.Rounds}, {connections} connections: {string.Join(", ", options.Receivers)}");
                foreach (string receiver in options.Receivers)
                {
                    ComparisonCase item = new(receiver, connections);
                    Measurement measurement = await runner.RunAsync(item);
                    results.Add(item, measurement);
                    if (options.IsVerbose)
                    {
                        Console.WriteLine(FormattableString.Invariant(
                            $"  {item.Receiver,-10} {measurement.PerCpuSecond,6:0.00} GiB/CPU-s {measurement.PerSecond,6:0.00} GiB/s  {Amount.Bytes(measurement.AllocatedPerGiB),10} a GiB  {measurement.Note}"));
                    }
                }
            }
        }

        return results;
    }
}
