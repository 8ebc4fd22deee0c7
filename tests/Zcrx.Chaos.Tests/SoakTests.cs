using Spectre.Console;
using Zcrx.Chaos.Faults;
using Zcrx.Chaos.Soak;

namespace Zcrx.Chaos.Tests;

public class SoakTests
{
    [Fact]
    public async Task Minute_of_faults_delivers_each_stream_completely_or_ends_it_with_an_error()
    {
        ChaosReport report = await new ChaosRun(new ChaosOptions { Seed = Random.Shared.Next() }).RunAsync();

        StringWriter summary = new();
        ChaosSummary.Write(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(summary), Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors }), report);
        Assert.True(report.HasPassed, summary.ToString());
        // The run waits until a consumer that blocks has led to an abandoned queue.
        Assert.True(report.Abandoned > 0, summary.ToString());
        // Peers vanish only on machines that can create a network namespace. Otherwise the report gives the reason.
        Assert.True(report.WhyNoPeerVanishes is not null || report.Faults.Single(static fault => fault.Name == VanishingPeers.ForEver).Count > 0, summary.ToString());
        // The run is a test only if queues were restarted and streams survived that.
        Assert.True(report.Restarts > 0 && report.Continued > 0 && report.Tally.SurvivedFaults > 0, summary.ToString());
    }
}
