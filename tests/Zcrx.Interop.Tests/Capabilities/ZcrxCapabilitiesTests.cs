using Zcrx.Interop.Abi;
using Zcrx.Interop.Capabilities;
using Zcrx.Interop.Tests.Kernel;

namespace Zcrx.Interop.Tests.Capabilities;

/// <summary>Tests capability queries: the answers that real kernels have given, and each way in which a kernel gives none.</summary>
public class ZcrxCapabilitiesTests
{
    private static readonly ZcrxFeature[] Features = Enum.GetValues<ZcrxFeature>();

    [Fact]
    public void Linux_up_to_6_17_answers_no_query_and_may_have_NIC_queues()
    {
        foreach (var kernel in new[] { KernelRows.Linux616, KernelRows.Linux617 })
        {
            var capabilities = ZcrxCapabilities.Query(kernel);

            Assert.Equal(CapabilityQueryState.QueryUnknown, capabilities.State);
            Assert.Equal(Errno.EINVAL, capabilities.QueryErrorNumber);
            Assert.False(capabilities.AnswersQueries);
            Assert.Null(capabilities.RingSetupFlags);
            AssertSupport(capabilities, yes: [], unknown: [ZcrxFeature.NicQueue, ZcrxFeature.DmaBufArea]);
            Assert.Equal(4096, capabilities.RefillHeaderSizeOr(4096));
            Assert.Equal(65536, capabilities.RefillHeaderSizeOr(65536));
            Assert.Equal(
                $"device-less mode needs Linux 7.1 or newer: {kernel.Description} answers no capability queries, which came with 6.18",
                capabilities.WhyNot(ZcrxFeature.DeviceLess));
        }
    }

    [Fact]
    public void Linux_5_15_and_6_1_have_no_NIC_queues_and_the_reason_names_the_missing_opcode()
    {
        foreach (ScriptedKernel kernel in new[] { KernelRows.Linux515, KernelRows.Linux61 })
        {
            ZcrxCapabilities capabilities = ZcrxCapabilities.Query(kernel);

            Assert.Equal(CapabilityQueryState.QueryUnknown, capabilities.State);
            AssertSupport(capabilities, yes: [], unknown: []);
            Assert.Equal(
                $"a NIC queue needs Linux 6.15 or newer: {kernel.Description} has no opcode for zero-copy receive (it has {kernel.ProbedOpcodes} opcodes)",
                capabilities.WhyNot(ZcrxFeature.NicQueue));
            Assert.Equal([ScriptedKernel.ProbedRing], kernel.Closed);
        }
    }

    [Fact]
    public void Kernel_without_queries_on_which_no_ring_can_be_created_may_have_NIC_queues()
    {
        ScriptedKernel kernel = new() { Description = "Linux 6.16.12", CallResult = -Errno.EINVAL };

        AssertSupport(ZcrxCapabilities.Query(kernel), yes: [], unknown: [ZcrxFeature.NicQueue, ZcrxFeature.DmaBufArea]);
    }

    [SkippableFact]
    public void Probe_of_the_kernel_of_this_machine_counts_the_opcodes_that_its_query_reports()
    {
        LinuxKernel kernel = new();
        ZcrxCapabilities capabilities = ZcrxCapabilities.Query(kernel);
        Skip.IfNot(capabilities.AnswersQueries, "the kernel answers no queries");
        uint? counted = OpcodeProbe.Count(kernel);
        Skip.If(counted is null, "no ring can be created");

        Assert.Equal(capabilities.RequestOpcodes, counted);
    }

    [Fact]
    public void Linux_6_18_answers_but_not_about_zcrx()
    {
        var capabilities = ZcrxCapabilities.Query(KernelRows.Linux618);

        Assert.Equal(CapabilityQueryState.ZcrxQueryUnknown, capabilities.State);
        Assert.Equal(Errno.EOPNOTSUPP, capabilities.QueryErrorNumber);
        Assert.True(capabilities.AnswersQueries);
        Assert.False(capabilities.AnswersZcrxQuery);
        Assert.Equal(63u, capabilities.RequestOpcodes);
        Assert.Equal(36u, capabilities.RegisterOpcodes);
        Assert.Equal(0x7ffffUL, capabilities.RingSetupFlags);
        AssertSupport(capabilities, yes: [], unknown: [ZcrxFeature.NicQueue, ZcrxFeature.DmaBufArea]);
        Assert.Null(capabilities.RefillHeaderSize);
        Assert.Equal(
            "device-less mode needs Linux 7.1 or newer: Linux 6.18.44 does not answer the zcrx query, which came with 6.19",
            capabilities.WhyNot(ZcrxFeature.DeviceLess));
    }

    [Fact]
    public void Kernel_whose_query_does_not_know_the_opcode_has_no_NIC_queues()
    {
        var kernel = new ScriptedKernel
        {
            Description = "Linux 6.14.9",
            Opcodes = KernelRows.Opcodes(requests: 58, registrations: 32, setup: 0xffff, queries: 1),
        };

        AssertSupport(ZcrxCapabilities.Query(kernel), yes: [], unknown: []);
    }

    [Fact]
    public void Linux_6_19_has_NIC_queues_flush_export_and_import()
    {
        var capabilities = ZcrxCapabilities.Query(KernelRows.Linux619);

        AssertSupport(capabilities, yes: [ZcrxFeature.NicQueue, ZcrxFeature.DmaBufArea, ZcrxFeature.Flush, ZcrxFeature.Export, ZcrxFeature.Import]);
        AssertHeader(capabilities, 8);
        Assert.Equal(
            "device-less mode needs Linux 7.1 or newer: the kernel's zcrx answers register flags IMPORT only",
            capabilities.WhyNot(ZcrxFeature.DeviceLess));
        Assert.Equal(
            "a buffer length other than a page needs Linux 7.0 or newer: the kernel's zcrx answers features none",
            capabilities.WhyNot(ZcrxFeature.RxBufferLength));
    }

    [Fact]
    public void Linux_7_0_adds_the_buffer_length()
    {
        var capabilities = ZcrxCapabilities.Query(KernelRows.Linux70);

        AssertSupport(
            capabilities,
            yes: [ZcrxFeature.NicQueue, ZcrxFeature.DmaBufArea, ZcrxFeature.Flush, ZcrxFeature.Export, ZcrxFeature.Import, ZcrxFeature.RxBufferLength]);
        AssertHeader(capabilities, 8);
    }

    [Fact]
    public void Linux_7_1_adds_device_less_mode()
    {
        var capabilities = ZcrxCapabilities.Query(KernelRows.Linux71);

        AssertSupport(capabilities, yes: Except(ZcrxFeature.Notifications, ZcrxFeature.Statistics, ZcrxFeature.AddArea));
        AssertHeader(capabilities, 8);
        Assert.False(capabilities.CanArm);
        Assert.Equal(
            "notifications need Linux 7.2 or newer: the kernel's zcrx answers features RX_PAGE_SIZE only",
            capabilities.WhyNot(ZcrxFeature.Notifications));
    }

    [Fact]
    public void Linux_7_2_adds_notifications_and_statistics()
    {
        var capabilities = ZcrxCapabilities.Query(KernelRows.Linux72);

        AssertSupport(capabilities, yes: Except(ZcrxFeature.AddArea));
        AssertHeader(capabilities, 8);
        AssertNotifications(capabilities);
        Assert.Equal(
            "adding an area needs Linux 7.3 or newer: the kernel's zcrx answers 3 control operations",
            capabilities.WhyNot(ZcrxFeature.AddArea));
    }

    [Fact]
    public void Linux_7_3_adds_areas_and_moves_the_refill_ring()
    {
        var capabilities = ZcrxCapabilities.Query(KernelRows.Linux73);

        AssertSupport(capabilities, yes: Features);
        AssertHeader(capabilities, 128);
        AssertNotifications(capabilities);
        Assert.All(Features, feature => Assert.Null(capabilities.WhyNot(feature)));
    }

    [Theory]
    [InlineData(Errno.EPERM, "EPERM")]
    [InlineData(Errno.ENOSYS, "ENOSYS")]
    [InlineData(Errno.EACCES, "EACCES")]
    public void Kernel_that_refuses_io_uring_has_a_snapshot_with_the_errno(int errno, string name)
    {
        var capabilities = ZcrxCapabilities.Query(KernelRows.Refusing(errno));

        Assert.Equal(CapabilityQueryState.Refused, capabilities.State);
        Assert.Equal(errno, capabilities.QueryErrorNumber);
        AssertSupport(capabilities, yes: []);
        Assert.Contains($"io_uring is missing or forbidden here (the capability query returns {name})", capabilities.WhyNot(ZcrxFeature.NicQueue), StringComparison.Ordinal);
    }

    [Fact]
    public void Query_that_failed_leaves_support_of_NIC_queues_unknown()
    {
        var capabilities = ZcrxCapabilities.Query(KernelRows.Refusing(Errno.EFAULT));

        Assert.Equal(CapabilityQueryState.Failed, capabilities.State);
        Assert.Equal(Errno.EFAULT, capabilities.QueryErrorNumber);
        AssertSupport(capabilities, yes: [], unknown: [ZcrxFeature.NicQueue, ZcrxFeature.DmaBufArea]);
    }

    [Fact]
    public void Unknown_bits_of_a_newer_kernel_are_accepted()
    {
        var kernel = new ScriptedKernel
        {
            Description = "Linux 9.0",
            Opcodes = KernelRows.Opcodes(requests: 80, registrations: 50, setup: ulong.MaxValue, queries: 9),
            Zcrx = KernelRows.Zcrx(registerFlags: 0x83, controls: 9, features: 0x103, header: 256),
            Notifications = new io_uring_query_zcrx_event { event_flags = 0xff, stats_size = 64, stats_off_alignment = 16 },
        };

        var capabilities = ZcrxCapabilities.Query(kernel);

        AssertSupport(capabilities, yes: Features);
        Assert.Equal(256, capabilities.RefillHeaderSize);
        Assert.Contains("register flags: IMPORT, NODEV, 0x80", capabilities.Describe(), StringComparison.Ordinal);
        Assert.Contains("features: RX_PAGE_SIZE, EVENT, 0x100", capabilities.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void Notifications_need_the_feature_bit_and_an_answer_about_them()
    {
        var kernel = new ScriptedKernel
        {
            Description = "Linux 7.2 without its query",
            Opcodes = KernelRows.Opcodes(requests: 65, registrations: 38, setup: 0x1fffff, queries: 3),
            Zcrx = KernelRows.Zcrx(registerFlags: 3, controls: 3, features: 3, header: 8),
        };

        var capabilities = ZcrxCapabilities.Query(kernel);

        AssertSupport(capabilities, yes: Except(ZcrxFeature.Notifications, ZcrxFeature.Statistics, ZcrxFeature.AddArea));
    }

    [Fact]
    public void Description_covers_every_feature_on_every_kernel()
    {
        foreach (var kernel in KernelRows.All)
        {
            var capabilities = ZcrxCapabilities.Query(kernel);

            Assert.StartsWith(kernel.Description + ": ", capabilities.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain('\n', capabilities.ToString());
            string[] lines = capabilities.Describe().Split('\n');
            Assert.Equal(kernel.Description, lines[0]);
            Assert.All(Features, feature => Assert.Single(lines, line => line.StartsWith(feature + ": ", StringComparison.Ordinal)));
            Assert.All(Features, feature => Assert.Equal(capabilities.Support(feature) == ZcrxSupport.No, capabilities.WhyNot(feature) is not null));
        }
    }

    [Fact]
    public void Query_makes_at_most_three_calls_and_one_when_refused()
    {
        var asked = KernelRows.Linux73;
        ZcrxCapabilities.Query(asked);
        Assert.Equal(3, asked.Calls);

        var refusing = KernelRows.Refusing(Errno.EPERM);
        ZcrxCapabilities.Query(refusing);
        Assert.Equal(1, refusing.Calls);
    }

    private static ZcrxFeature[] Except(params ZcrxFeature[] features) => [.. Features.Except(features)];

    private static void AssertHeader(ZcrxCapabilities capabilities, int size)
    {
        Assert.Equal(CapabilityQueryState.Answered, capabilities.State);
        Assert.Equal(0, capabilities.QueryErrorNumber);
        Assert.Equal(size, capabilities.RefillHeaderSize);
        Assert.Equal(size, capabilities.RefillHeaderSizeOr(4096));
        Assert.Equal(64, capabilities.RefillHeaderAlignment);
    }

    private static void AssertNotifications(ZcrxCapabilities capabilities)
    {
        Assert.Equal(3u, capabilities.NotificationTypes);
        Assert.Equal(16, capabilities.StatisticsSize);
        Assert.Equal(8, capabilities.StatisticsAlignment);
        Assert.True(capabilities.CanArm);
    }

    private static void AssertSupport(ZcrxCapabilities capabilities, ZcrxFeature[] yes, ZcrxFeature[]? unknown = null)
    {
        Assert.All(Features, feature =>
        {
            var expected = yes.Contains(feature) ? ZcrxSupport.Yes
                : unknown?.Contains(feature) == true ? ZcrxSupport.Unknown
                : ZcrxSupport.No;
            Assert.True(expected == capabilities.Support(feature), $"{feature}: {capabilities.Support(feature)}");
        });
    }
}
