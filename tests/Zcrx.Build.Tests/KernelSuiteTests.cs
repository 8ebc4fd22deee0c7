using Ingest.Tests.Support;
using Zcrx.Build.Tests.Support;

namespace Zcrx.Build.Tests;

/// <summary>Which kernel <c>tests/vm/fetch-kernel.sh</c> fetches when a Debian suite is not available.</summary>
public sealed class KernelSuiteTests : IDisposable
{
    private const string Backports = "trixie-backports";
    private const string Experimental = "experimental";
    private const int CannotRun = 77;

    private readonly DebianMirror _mirror;

    public KernelSuiteTests()
    {
        ForeignProgram.Require("apt-get", "apt");
        ForeignProgram.Require("dpkg-deb", "dpkg");
        _mirror = new DebianMirror();
    }

    [SkippableFact]
    public async Task All_suites_available_newest_kernel_is_fetched()
    {
        await _mirror.PublishAsync(Backports, "7.2.1");
        await _mirror.PublishAsync(Experimental, "7.2.10");

        AssertFetched("7.2.10", await _mirror.FetchAsync("7.2"));
    }

    [SkippableFact]
    public async Task Expired_suite_is_named_and_the_kernel_of_the_other_is_fetched()
    {
        await _mirror.PublishAsync(Backports, "7.2.1");
        await _mirror.PublishAsync(Experimental, "7.2.10", expired: true);

        (int exitCode, string output) = await _mirror.FetchAsync("7.2");

        AssertFetched("7.2.1", (exitCode, output));
        Assert.Contains($"could not fetch the index of suite {Experimental}, continuing without that suite: E: Release file", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Expired_suite_that_had_the_kernel_is_the_reason()
    {
        await _mirror.PublishAsync(Backports, "7.2.1");
        await _mirror.PublishAsync(Experimental, "7.3", expired: true);

        (int exitCode, string output) = await _mirror.FetchAsync("7.3");

        Assert.True(exitCode == CannotRun, output);
        Assert.Contains($"Debian carries no kernel 7.3 ({Backports}), and none is cached; without an index: {Experimental} (E: ", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Failed_refresh_is_repeated_in_the_next_run_only()
    {
        await _mirror.PublishAsync(Backports, "7.2.1");
        await _mirror.PublishAsync(Experimental, "7.3", expired: true);
        Assert.Equal(CannotRun, (await _mirror.FetchAsync("7.3", run: "first")).ExitCode);
        await _mirror.PublishAsync(Experimental, "7.3");

        Assert.Equal(CannotRun, (await _mirror.FetchAsync("7.3", run: "first")).ExitCode);
        AssertFetched("7.3", await _mirror.FetchAsync("7.3", run: "second"));
    }

    [SkippableFact]
    public async Task Suite_that_disappears_keeps_its_cached_kernel_in_use()
    {
        await _mirror.PublishAsync(Backports, "7.2.1");
        await _mirror.PublishAsync(Experimental, "7.2.10");
        AssertFetched("7.2.10", await _mirror.FetchAsync("7.2"));
        _mirror.Withdraw(Experimental);
        _mirror.Age(Experimental);

        (int exitCode, string output) = await _mirror.FetchAsync("7.2");

        AssertFetched("7.2.10", (exitCode, output));
        Assert.Contains($"could not refresh the index of suite {Experimental}, using the one of ", output, StringComparison.Ordinal);
    }

    public void Dispose() => _mirror.Dispose();

    private static void AssertFetched(string kernel, (int ExitCode, string Output) result)
    {
        Assert.True(result.ExitCode == 0, result.Output);
        Assert.Contains($"/kernels/linux-binary-{kernel}+deb13-cloud-amd64_{kernel}-1", result.Output, StringComparison.Ordinal);
    }
}
