using System.Globalization;
using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Capabilities;

public class CapabilityTests
{
    /// <summary>Maps each kernel release to its observed capabilities. The test skips a release that is not in the table.</summary>
    private static readonly Dictionary<string, Row> Table = new()
    {
        ["6.16"] = new(CapabilityQueryState.QueryUnknown, 0, 0, 0, null, 0, 0),
        ["6.17"] = new(CapabilityQueryState.QueryUnknown, 0, 0, 0, null, 0, 0),
        ["6.18"] = new(CapabilityQueryState.ZcrxQueryUnknown, 0, 0, 0, null, 0, 0),
        ["6.19"] = new(CapabilityQueryState.Answered, 1, 2, 0, 8, 0, 0),
        ["7.0"] = new(CapabilityQueryState.Answered, 1, 2, 1, 8, 0, 0),
        ["7.1"] = new(CapabilityQueryState.Answered, 3, 2, 1, 8, 0, 0),
        ["7.2"] = new(CapabilityQueryState.Answered, 3, 3, 3, 8, 3, 16),
        ["7.3"] = new(CapabilityQueryState.Answered, 3, 4, 3, 128, 3, 16),
    };

    public static IEnumerable<object[]> All =>
        [[KernelUnderTest.Linux], .. EmulatedKernelProfile.All.Select(profile => new object[] { KernelUnderTest.NameOf(profile) })];

    [SkippableTheory, MemberData(nameof(All))]
    public void Capabilities_equal_the_table_row_of_the_kernel_release(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Create(name);
        string release = name == KernelUnderTest.Linux ? HostFacts.Read().KernelRelease : name[(name.LastIndexOf(' ') + 1)..];
        string version = string.Join('.', release.Split('.', '-')[..2]);
        Skip.IfNot(Table.TryGetValue(version, out Row? row), $"there is no row for Linux {version}");
        ZcrxCapabilities capabilities = kernel.Capabilities;
        Assert.Equal(row!.State, capabilities.State);
        Assert.Equal(row.RegisterFlags, capabilities.RegisterFlags);
        Assert.Equal(row.ControlOperations, capabilities.ControlOperations);
        Assert.Equal(row.Features, capabilities.Features);
        Assert.Equal(row.RefillHeaderSize, capabilities.RefillHeaderSize);
        Assert.Equal(row.NotificationTypes, capabilities.NotificationTypes);
        Assert.Equal(row.StatisticsSize, capabilities.StatisticsSize);
        if (row.RefillHeaderSize is not null)
        {
            Assert.Equal(1ul, capabilities.AreaFlags);
            Assert.Equal(64, capabilities.RefillHeaderAlignment);
        }

        Assert.Equal(row.StatisticsSize > 0 ? 8 : 0, capabilities.StatisticsAlignment);
    }

    [SkippableTheory, MemberData(nameof(All))]
    public void Features_that_the_kernel_does_not_report_are_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        Skip.If(name == KernelUnderTest.Linux && HostFacts.Read().WhyNoRegistration() is not null, HostFacts.Read().WhyNoRegistration());
        using var setup = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        bool registered = setup.Register(ring) == 0;
        Assert.Equal(kernel.Capabilities.DeviceLess, registered);
    }

    [SkippableTheory, MemberData(nameof(All))]
    public void The_kernel_is_named_in_the_snapshot(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Create(name);
        Assert.Equal(kernel.Kernel.Description, kernel.Capabilities.Kernel);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"Linux "), kernel.Capabilities.ToString(), StringComparison.Ordinal);
    }

    private sealed record Row(
        CapabilityQueryState State, ulong RegisterFlags, uint ControlOperations, uint Features, int? RefillHeaderSize, uint NotificationTypes, int StatisticsSize);
}
