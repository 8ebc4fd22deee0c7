using Zcrx.Interop.Abi;
using Zcrx.Interop.Queues;

namespace Zcrx.Interop.Tests.Errors;

/// <summary>Tests each reason for which a kernel refuses to register a queue.</summary>
public class RegistrationErrorTests
{
    [Fact]
    public void The_capability_is_missing() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        RegistrationErrors.Explain(-Errno.EPERM, Facts.Nic with { Host = Facts.User }),
        Errno.EPERM,
        "Registering RX queue 3 of eth0 failed with EPERM",
        "CAP_NET_ADMIN",
        "setcap cap_net_admin+ep");

    [Fact]
    public void The_capability_is_one_of_a_user_namespace() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        RegistrationErrors.Explain(-Errno.EPERM, Facts.DeviceLess with { Host = Facts.Root with { InitialUserNamespace = false } }),
        Errno.EPERM,
        "Registering a device-less queue failed with EPERM",
        "user namespace only");

    [Fact]
    public void A_filter_forbids_it() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        RegistrationErrors.Explain(-Errno.EPERM, Facts.Nic with { Host = Facts.Root with { SeccompFilter = true } }), Errno.EPERM, "seccomp");

    [Fact]
    public void The_kernel_has_no_device_less_mode()
    {
        var exception = ExceptionAssert.Is<ZcrxUnsupportedException>(
            RegistrationErrors.Explain(-Errno.EINVAL, Facts.DeviceLess with { Capabilities = Facts.Linux619 }),
            Errno.EINVAL,
            "device-less mode needs Linux 7.1 or newer",
            "register flags IMPORT only",
            "emulated");
        Assert.Equal(
            "Registering a device-less queue failed with EINVAL: device-less mode needs Linux 7.1 or newer: the kernel's zcrx answers register flags IMPORT only. "
            + "Use Linux 7.1 or newer, name a NIC queue, or choose another engine (the emulated one runs everywhere).",
            exception.Message);

        ExceptionAssert.Is<ZcrxUnsupportedException>(
            RegistrationErrors.Explain(-Errno.EINVAL, Facts.DeviceLess with { Capabilities = Facts.Linux618 }),
            Errno.EINVAL,
            "does not answer the zcrx query");
    }

    [Fact]
    public void The_kernel_has_no_notifications() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EINVAL, Facts.DeviceLess with { Capabilities = Facts.Linux71 }),
        Errno.EINVAL,
        "notifications need Linux 7.2 or newer",
        "without notifications");

    [Fact]
    public void The_kernel_has_no_buffer_length() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EINVAL, Facts.Nic with { Capabilities = Facts.Linux619, Notifications = false, RxBufferLength = 8192 }),
        Errno.EINVAL,
        "Linux 7.0 or newer");

    [Theory]
    [InlineData(0u)]
    [InlineData(32769u)]
    public void Too_few_or_too_many_refill_entries(uint entries) =>
        AssertOption("RefillEntries", Facts.Nic with { RefillEntries = entries }, "between 1 and 32768");

    [Theory]
    [InlineData(100u)]
    [InlineData(2048u)]
    [InlineData(12288u)]
    public void Invalid_buffer_length(uint length) =>
        AssertOption("RxBufferLength", Facts.Nic with { RxBufferLength = length }, "power of two");

    [Theory]
    [InlineData(0UL)]
    [InlineData(4097UL)]
    public void Area_that_is_not_a_whole_number_of_pages(ulong bytes) => AssertOption("Area", Facts.Nic with { AreaBytes = bytes }, "whole number of pages");

    [Fact]
    public void Invalid_queue_index() => AssertOption("RxQueue", Facts.Nic with { RxQueue = uint.MaxValue }, "not a queue index");

    [Fact]
    public void Header_split_is_off() => ExceptionAssert.Is<ZcrxDeviceException>(
        RegistrationErrors.Explain(-Errno.EINVAL, Facts.Nic),
        Errno.EINVAL,
        "header/data split of eth0 is off, or its threshold is not 0",
        "ethtool -G eth0 tcp-data-split on",
        "hds-thresh 0");

    [Fact]
    public void Header_split_is_off_or_the_kernel_too_old_to_say() => ExceptionAssert.Is<ZcrxDeviceException>(
        RegistrationErrors.Explain(-Errno.EINVAL, Facts.Nic with { Capabilities = Facts.Linux618, Notifications = false }),
        Errno.EINVAL,
        "header/data split of eth0 is off",
        "Linux 6.18.44 has no zero-copy receive at all");

    [Fact]
    public void Refusal_without_a_known_cause_is_a_defect() => ExceptionAssert.Is<ZcrxException>(
        RegistrationErrors.Explain(-Errno.EINVAL, Facts.DeviceLess), Errno.EINVAL, "refused a parameter", "report it");

    [Fact]
    public void No_such_interface() => ExceptionAssert.Is<ZcrxDeviceException>(
        RegistrationErrors.Explain(-Errno.ENODEV, Facts.Nic), Errno.ENODEV, "no interface eth0", "ip link");

    [Fact]
    public void The_driver_cannot() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EOPNOTSUPP, Facts.Nic with { Interface = "lo" }),
        Errno.EOPNOTSUPP,
        "driver of lo has no queue management",
        "device-less");

    [Fact]
    public void The_device_cannot_use_such_buffers() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EOPNOTSUPP, Facts.Nic with { RxBufferLength = 65536 }), Errno.EOPNOTSUPP, "eth0 cannot receive into buffers of 65536 bytes");

    [Fact]
    public void Device_less_buffers_are_pages() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EOPNOTSUPP, Facts.DeviceLess with { RxBufferLength = 8192 }), Errno.EOPNOTSUPP, "always one page (4096 bytes)");

    [Fact]
    public void The_kernel_was_built_without() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EOPNOTSUPP, Facts.DeviceLess), Errno.EOPNOTSUPP, "CONFIG_IO_URING_ZCRX");

    [Fact]
    public void The_queue_index_is_too_high() => ExceptionAssert.Is<ZcrxDeviceException>(
        RegistrationErrors.Explain(-Errno.ERANGE, Facts.Nic), Errno.ERANGE, "eth0 has no RX queue 3", "ethtool -l eth0");

    [Fact]
    public void The_area_is_not_contiguous() => ExceptionAssert.Is<ZcrxDeviceException>(
        RegistrationErrors.Explain(-Errno.ERANGE, Facts.Nic with { RxBufferLength = 65536 }), Errno.ERANGE, "not contiguous enough for buffers of 65536 bytes", "huge pages");

    [Fact]
    public void The_statistics_are_in_the_way() => ExceptionAssert.Is<ZcrxException>(
        RegistrationErrors.Explain(-Errno.ERANGE, Facts.DeviceLess), Errno.ERANGE, "statistics");

    [Fact]
    public void XDP_or_another_user_of_the_queue() => ExceptionAssert.Is<ZcrxQueueBusyException>(
        RegistrationErrors.Explain(-Errno.EEXIST, Facts.Nic), Errno.EEXIST, "XDP program is attached to eth0", "xdp off");

    [Fact]
    public void Without_a_NIC_only_a_thread_can_be_in_the_way() => ExceptionAssert.Is<ZcrxException>(
        RegistrationErrors.Explain(-Errno.EEXIST, Facts.DeviceLess), Errno.EEXIST, "does not own the ring");

    [Fact]
    public void AF_XDP_uses_the_queue() => ExceptionAssert.Is<ZcrxQueueBusyException>(
        RegistrationErrors.Explain(-Errno.EBUSY, Facts.Nic), Errno.EBUSY, "AF_XDP");

    [Theory]
    [InlineData(Errno.ENXIO, "gone")]
    [InlineData(Errno.ENETDOWN, "eth0 is down")]
    public void The_device_is_gone_or_down(int errno, string word) =>
        ExceptionAssert.Is<ZcrxDeviceException>(RegistrationErrors.Explain(-errno, Facts.Nic), errno, word);

    [Fact]
    public void The_limit_on_locked_memory() => ExceptionAssert.Is<ZcrxMemoryException>(
        RegistrationErrors.Explain(-Errno.ENOMEM, Facts.Nic with { Host = Facts.User }),
        Errno.ENOMEM,
        "67108864 bytes",
        "may lock 8388608",
        "ulimit -l");

    [Fact]
    public void No_memory() => ExceptionAssert.Is<ZcrxMemoryException>(
        RegistrationErrors.Explain(-Errno.ENOMEM, Facts.Nic), Errno.ENOMEM, "67108864 bytes", "smaller area");

    [Fact]
    public void Unusable_memory() => ExceptionAssert.Is<ZcrxMemoryException>(
        RegistrationErrors.Explain(-Errno.EFAULT, Facts.DeviceLess), Errno.EFAULT, "not mapped or not writable");

    [Fact]
    public void What_can_be_fallen_back_from_is_unsupported_or_not_permitted()
    {
        // These two types mean that another engine is needed. An error that the user can repair must therefore have another type.
        int[] repairable = [Errno.EEXIST, Errno.EBUSY, Errno.ENODEV, Errno.ERANGE, Errno.ENOMEM, Errno.EFAULT, Errno.EINVAL];
        Assert.All(repairable, errno =>
        {
            var exception = RegistrationErrors.Explain(-errno, Facts.Nic);
            Assert.False(exception is ZcrxUnsupportedException or ZcrxNotPermittedException, exception.Message);
        });
    }

    private static void AssertOption(string path, RegistrationFacts facts, string word)
    {
        var exception = ExceptionAssert.Is<ZcrxConfigurationException>(RegistrationErrors.Explain(-Errno.EINVAL, facts), Errno.EINVAL, word);
        Assert.Equal(path, Assert.Single(exception.Errors).Path);
    }
}
