using LogIngest.Demo;
using LogIngest.Demo.Database;

namespace LogIngest.Tests.Runs;

public sealed class DemoRunTests
{
    [SkippableFact]
    public async Task Run_that_is_cancelled_ends_before_its_time()
    {
        Skip.If(PostgresPrograms.Find() is null, PostgresPrograms.Missing);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => DemoRun.RunAsync(new DemoOptions(1, TimeSpan.FromHours(1)), new CancellationToken(canceled: true)).Within("the run ends"));
    }
}
