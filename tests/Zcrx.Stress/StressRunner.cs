using System.Globalization;
using Zcrx.Stress.Scenarios;

namespace Zcrx.Stress;

/// <summary>Runs scenarios one after another. Prints <c>PASS|FAIL name</c> after each, and counts the results.</summary>
internal static class StressRunner
{
    private static readonly IStressScenario[] Scenarios =
    [
        new LeaseScenario(), new BorrowScenario("borrow", isChecked: false), new BorrowScenario("checked-borrow", isChecked: true), new CloseScenario(), new PipeReaderScenario(),
        new CancelledReadScenario(), new ProcessScenario(), new OffloadInMemoryScenario(), new OffloadScenario(), new RefillRoleScenario(), new ImportCancelScenario(), new ExportScenario(),
        new PressureObserverScenario(), new DescriptorReuseScenario(), new SuspendedScenario(), new MoveSuspendScenario(), new BusyMoveScenario(), new LinkScenario(),
        new ReclaimScenario(), new DescriptorLimitScenario(), new OrderlyCloseScenario(), new LegalUseScenario(),
    ];

    /// <summary>Gets the names of all scenarios.</summary>
    public static IEnumerable<string> Names => Scenarios.Select(static scenario => scenario.Name);

    public static int Run(StressOptions options, TextWriter output)
    {
        output.WriteLine($"stress for {options.Duration.TotalSeconds:0} s each, seed {options.Seed}, {options.Threads} threads");
        int passed = 0;
        int failed = 0;
        int skipped = 0;
        foreach (IStressScenario scenario in Scenarios)
        {
            if (options.Only.Count > 0 && !options.Only.Contains(scenario.Name))
            {
                skipped++;
                continue;
            }

            try
            {
                using StressRun run = new(options);
                long operations = Run(scenario, run);
                StressRun.Require(operations > 0, "operations were performed");
                passed++;
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"PASS {scenario.Name} [{operations:n0} {scenario.Unit}]"));
            }
#pragma warning disable CA1031 // Any exception makes the scenario fail.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failed++;
                output.WriteLine($"FAIL {scenario.Name} [{exception.Message.ReplaceLineEndings(" ")}]");
                output.WriteLine(exception);
            }

            output.Flush();
        }

        output.WriteLine($"{passed} passed, {failed} failed, {skipped} skipped");
        return failed == 0 && passed > 0 ? 0 : 1;
    }

    private static long Run(IStressScenario scenario, StressRun run)
    {
        // The scenario has a thread of its own. A failure can then be reported even if the scenario is deadlocked.
        Task<long> running = Task.Factory.StartNew(() => scenario.Run(run), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task.WaitAny(running, run.Failed);
        run.ThrowIfFailed();
        return running.GetAwaiter().GetResult();
    }
}
