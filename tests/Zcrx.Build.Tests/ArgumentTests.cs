using Ingest.Tests.Support;
using Zcrx.Build.Tests.Support;

namespace Zcrx.Build.Tests;

/// <summary>Tests that <c>build.sh</c> refuses arguments that it would otherwise ignore.</summary>
public class ArgumentTests
{
    [Theory]
    [InlineData("test --version", "build: target 'test' has no argument --version; it takes --kernels, --guests, --suites.")]
    [InlineData("test --kernels 7.2,7.22", "not '7.22' in a list.")]
    [InlineData("test --kernels 7.2.9,7.2.8", "build: --kernels takes a list of 7.2, 7.3, 7.1, 7.2.9, 6.19, 7.0, newest, or 'all', or 'none', not '7.2.8' in a list.")]
    [InlineData("test-kernel --kernel latest", "build: --kernel is a version such as 7.2, or 'newest', not 'latest'.")]
    [InlineData("test-kernel --arch armhf", "build: --arch is x64 or arm64, not 'armhf'.")]
    [InlineData("test-kernel --arch arm64 --page-size 64", "build: --page-size is 4 or 16, in KiB, not '64'.")]
    [InlineData("test-kernel --page-size 16", "build: --page-size 16 needs --arch arm64: x64 has pages of 4 KiB only.")]
    [InlineData("test-kernel --arch arm64 --nic", "build: --nic needs --arch x64: the virtual NIC is built for that only.")]
    [InlineData("test-kernel --filter 'Refill;reboot'", "build: --filter is a part of the names of tests, not 'Refill;reboot'.")]
    [InlineData("test-kernel --filter .Refill. --nic --long", "build: --filter runs single tests, and has no long version.")]
    [InlineData("mutate --part streams", "build: --part must be one of actors, decisions, errors, framing, leases, rings, but is 'streams'.")]
    [InlineData("test-kernel --nic no", "build: --nic takes no value, but 'no' is given.")]
    [InlineData("pack -- --short", "build: target 'pack' starts no program that '--short' could be passed to.")]
    public async Task Argument_without_effect_ends_the_build_before_anything_runs(string arguments, string lastLine)
    {
        (int exitCode, string output) = await ForeignProgram.ExecuteAsync($"exec \"$1/build.sh\" {arguments}", Repository.Path);

        Assert.True(exitCode == 2, output);
        Assert.EndsWith(lastLine, output, StringComparison.Ordinal);
    }
}
