using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Registration;

public unsafe class RegistrationEventTests : IClassFixture<LeakCheck>
{
    private static readonly Dictionary<string, (Action<QueueSetup> Spoil, int Expected)> Table = new()
    {
        ["unknown type"] = (setup => setup.Events->type_mask = 4, -EINVAL),
        ["unknown flag"] = (setup => setup.Events->flags = 2, -EINVAL),
        ["first reserved word"] = (setup => setup.Events->__resv2[0] = 1, -EINVAL),
        ["last reserved word"] = (setup => setup.Events->__resv2[8] = 1, -EINVAL),
        ["offset without statistics"] = (setup => setup.Events->flags = 0, -EINVAL),
        ["statistics at a misaligned offset"] = (setup => setup.Events->stats_offset += 4, -EINVAL),
        ["statistics on the header"] = (setup => setup.Events->stats_offset = 0, -ERANGE),
        ["statistics on the entries"] = (setup => setup.Events->stats_offset = 64, -ERANGE),
        ["statistics on the last entry"] = (setup => setup.Events->stats_offset = (ulong)LastEntry(setup), -ERANGE),
        ["statistics behind the region"] = (setup => setup.Events->stats_offset = setup.Region.Length, -ERANGE),
        ["statistics half behind the region"] = (setup => setup.Events->stats_offset = setup.Region.Length - 8, -ERANGE),
        ["statistics far behind the region"] = (setup => setup.Events->stats_offset = ulong.MaxValue - 7, -ERANGE),
        ["description in unmapped memory"] = (setup => setup.Registration->event_desc = (ulong)(setup.Area.Address - 64), -EFAULT),
    };

    public static IEnumerable<string> Changes => Table.Keys;

    internal static IEnumerable<KeyValuePair<string, Action<QueueSetup>>> Spoils => Table.Select(row => KeyValuePair.Create(row.Key, row.Value.Spoil));

    [SkippableTheory, KernelsTimes(nameof(Changes))]
    public void Registration_with_an_invalid_event_description_is_refused(string name, string change)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Notifications, ZcrxFeature.Statistics);
        using var setup = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        (Action<QueueSetup> spoil, int expected) = Table[change];
        spoil(setup);
        Results.Equal(expected, setup.Register(ring));
    }

    [SkippableTheory, Kernels]
    public void Statistics_may_follow_the_entries_directly_or_end_with_the_region(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Notifications, ZcrxFeature.Statistics);
        foreach (bool end in new[] { false, true })
        {
            using var setup = new QueueSetup(kernel);
            using var ring = new TestRing(kernel.Kernel);
            setup.Events->stats_offset = end ? setup.Region.Length - (nuint)sizeof(zcrx_stats) : LastEntry(setup) + (nuint)sizeof(io_uring_zcrx_rqe);
            Results.Equal(0, setup.Register(ring));
        }
    }

    [SkippableTheory, Kernels]
    public void Statistics_can_be_requested_alone(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Notifications, ZcrxFeature.Statistics);
        using var setup = new QueueSetup(kernel, notifications: 0);
        using var ring = new TestRing(kernel.Kernel);
        Results.Equal(0, setup.Register(ring));
    }

    [SkippableTheory, Kernels]
    public void Event_description_without_types_and_statistics_is_valid(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name, ZcrxFeature.Notifications);
        using var setup = new QueueSetup(kernel, notifications: 0, statistics: false);
        using var ring = new TestRing(kernel.Kernel);
        Results.Equal(0, setup.Register(ring));
    }

    [SkippableTheory, Kernels]
    public void Event_description_is_accepted_only_by_kernels_with_notifications(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel);
        using var ring = new TestRing(kernel.Kernel);
        *setup.Events = new zcrx_event_desc { type_mask = 1u << (int)ZCRX_EVENT_COPY };
        setup.Registration->event_desc = (ulong)setup.Events;
        Results.Equal(kernel.Capabilities.Notifications ? 0 : -EINVAL, setup.Register(ring));
    }

    /// <summary>Returns the offset of the last refill entry in the region.</summary>
    private static nuint LastEntry(QueueSetup setup) => setup.EntriesOffset + ((setup.Registration->rq_entries - 1) * (nuint)sizeof(io_uring_zcrx_rqe));
}
