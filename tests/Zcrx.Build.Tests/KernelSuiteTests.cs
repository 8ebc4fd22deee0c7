using Ingest.Tests.Support;
using Zcrx.Build.Tests.Support;

namespace Zcrx.Build.Tests;

/// <summary>Tests which kernel <c>tests/vm/fetch-kernel.sh</c> fetches if a Debian suite is not available.</summary>
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
    public async Task Newest_kernel_is_fetched_when_all_suites_are_available()
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
    public async Task Error_for_a_kernel_that_is_not_found_names_the_expired_suite()
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

    [SkippableFact]
    public async Task Exact_version_is_fetched_although_its_series_has_newer_ones()
    {
        await _mirror.PublishAsync(Backports, "7.2.9");
        await _mirror.PublishAsync(Experimental, "7.2.12");

        AssertFetched("7.2.9", await _mirror.FetchAsync("7.2.9"));
        AssertFetched("7.2.12", await _mirror.FetchAsync("7.2"));
    }

    [SkippableFact]
    public async Task Exact_version_is_not_the_beginning_of_another()
    {
        await _mirror.PublishAsync(Backports, "7.2.90");
        await _mirror.PublishAsync(Experimental, "7.29");

        (int exitCode, string output) = await _mirror.FetchAsync("7.2.9");

        Assert.True(exitCode == CannotRun, output);
        Assert.StartsWith($"Debian carries no kernel 7.2.9 ({Backports}, {Experimental}), and none is cached", output, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("7.3.10", "7.3.4", "7.3.10")]
    [InlineData("7.3.4", "7.3~rc7", "7.3.4")]
    [InlineData("7.3.4", "7.4~rc1", "7.4~rc1")]
    public async Task Newest_kernel_is_the_newest_of_all_suites(string inBackports, string inExperimental, string newest)
    {
        await _mirror.PublishAsync(Backports, inBackports);
        await _mirror.PublishAsync(Experimental, inExperimental);

        AssertFetched(newest, await _mirror.FetchAsync("newest"));
    }

    [SkippableTheory]
    [InlineData("7.3.4", "7.3.4 7.3")]
    [InlineData("7.2.9", "7.2.9 7.2")]
    [InlineData("7.4~rc1", "7.4~rc1")]
    [InlineData("7.31", "7.31")]
    public async Task Newest_kernel_is_reported_with_the_entry_that_boots_it(string kernel, string answer)
    {
        await _mirror.PublishAsync(Backports, "6.19.1");
        await _mirror.PublishAsync(Experimental, kernel);

        (int exitCode, string output) = await _mirror.FetchNewestAsync("7.2", "7.3", "7.1", "7.2.9");

        Assert.True(exitCode == 0, output);
        Assert.Equal(answer, output.Split('\n')[0]);
    }

    [SkippableFact]
    public async Task Kernel_is_of_the_wanted_architecture_and_page_size_also_from_the_cache()
    {
        await _mirror.PublishAsync(Backports, "7.2.1");
        await _mirror.PublishAsync(Experimental, "7.2.10", flavour: "cloud-arm64");
        AssertFetched("7.2.10", await _mirror.FetchAsync("7.2", flavour: "cloud-arm64"), "cloud-arm64");

        AssertFetched("7.2.1", await _mirror.FetchAsync("7.2"));
        (int exitCode, string output) = await _mirror.FetchAsync("7.2", flavour: "arm64-16k");

        Assert.True(exitCode == CannotRun, output);
        Assert.Contains("no kernel 7.2 for arm64-16k", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Newest_kernel_without_any_suite_gives_the_reason()
    {
        (int exitCode, string output) = await _mirror.FetchNewestAsync("7.2");

        Assert.True(exitCode == CannotRun, output);
        Assert.Contains("no kernel newest is cached, and no suite has a package index: ", output, StringComparison.Ordinal);
    }

    public void Dispose() => _mirror.Dispose();

    private static void AssertFetched(string kernel, (int ExitCode, string Output) result, string flavour = DebianMirror.X64)
    {
        Assert.True(result.ExitCode == 0, result.Output);
        Assert.Contains($"/kernels/linux-binary-{kernel.Split('~')[0]}+deb13-{flavour}_{kernel}-1", result.Output, StringComparison.Ordinal);
    }
}
