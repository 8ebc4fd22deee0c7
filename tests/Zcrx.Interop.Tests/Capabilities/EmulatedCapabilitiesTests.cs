using Zcrx.Interop.Tests.Kernel;

namespace Zcrx.Interop.Tests.Capabilities;

/// <summary>Tests that the emulated kernel answers capability queries exactly as the kernel that it imitates.</summary>
public class EmulatedCapabilitiesTests
{
    private static readonly ScriptedKernel[] Observed =
        [KernelRows.Linux619, KernelRows.Linux70, KernelRows.Linux71, KernelRows.Linux72, KernelRows.Linux72, KernelRows.Linux73];

    [Fact]
    public void Every_profile_was_observed() => Assert.Equal(Observed.Length, EmulatedKernelProfile.All.Count);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Emulated_kernel_answers_queries_like_the_imitated_release(int row)
    {
        var profile = EmulatedKernelProfile.All[row];
        Assert.StartsWith($"Linux {string.Join('.', profile.Name.Split('.')[..2])}.", Observed[row].Description, StringComparison.Ordinal);

        var emulated = ZcrxCapabilities.Query(new EmulatedKernel(new EmulatedKernelOptions { Profile = profile }));
        var observed = ZcrxCapabilities.Query(Observed[row]);

        Assert.Equal(observed with { Kernel = emulated.Kernel }, emulated);
    }
}
