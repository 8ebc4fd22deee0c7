using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace Zcrx.Benchmarks.Loop;

/// <summary>
/// Runs <see cref="LoopBenchmark"/> with BenchmarkDotNet. Outside the comparison, also runs <see cref="PauseBenchmark"/>.
/// </summary>
internal static class LoopProgram
{
    // The benchmarks run in this process. Otherwise BenchmarkDotNet would generate a project below this one, which would inherit its
    // package versions and analyzers and would not build.
    private static readonly Job Base = Job.Default.WithToolchain(InProcessEmitToolchain.Instance);

    /// <summary>Runs all benchmarks, with the command line and the output of BenchmarkDotNet.</summary>
    public static int Run(string[] args)
    {
        IConfig config = DefaultConfig.Instance.AddJob(Base).AddDiagnoser(MemoryDiagnoser.Default);
        _ = BenchmarkSwitcher.FromTypes([typeof(LoopBenchmark), typeof(PauseBenchmark)]).Run(args.Length == 0 ? ["--filter", "*"] : args, config);
        return 0;
    }

    /// <summary>Runs the benchmark as a part of the comparison. Returns its results and prints no report.</summary>
    /// <returns>One result for each run length, or none if the benchmark has failed.</returns>
    public static IReadOnlyList<LoopResult> Measure(bool isShort)
    {
        Console.WriteLine("one buffer through the receive loop, and through a bare loop (BenchmarkDotNet)");
        Job job = isShort ? Base.WithWarmupCount(10).WithIterationCount(10).WithIterationTime(TimeInterval.FromMilliseconds(50)) : Base.WithWarmupCount(10).WithIterationCount(20);
        string artifacts = Path.Combine(AppContext.BaseDirectory, "BenchmarkDotNet.Artifacts");
        ManualConfig config = ManualConfig.CreateEmpty()
            .AddJob(job)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddLogger(NullLogger.Instance)
            .WithArtifactsPath(artifacts);
        Summary summary = BenchmarkRunner.Run<LoopBenchmark>(config);
        List<LoopResult> results = [];
        foreach (int runLength in LoopBenchmark.RunLengths)
        {
            BenchmarkReport? streams = Find(summary, nameof(LoopBenchmark.Streams), runLength);
            BenchmarkReport? bare = Find(summary, nameof(LoopBenchmark.Bare), runLength);
            if (streams?.ResultStatistics is not { } measured || bare?.ResultStatistics is not { } baseline)
            {
                Console.Error.WriteLine($"bench: the micro-benchmark failed: {string.Join(' ', summary.ValidationErrors.Select(static error => error.Message))} Run it alone with 'loop' to see why.");
                return [];
            }

            double allocated = streams.GcStats.GetBytesAllocatedPerOperation(streams.BenchmarkCase) ?? 0;
            results.Add(new LoopResult(runLength, measured.Median, baseline.Median, allocated));
        }

        return results;
    }

    private static BenchmarkReport? Find(Summary summary, string method, int runLength) => summary.Reports.FirstOrDefault(report =>
        report.BenchmarkCase.Descriptor.WorkloadMethod.Name == method && report.BenchmarkCase.Parameters[nameof(LoopBenchmark.RunLength)] is int length && length == runLength);
}
