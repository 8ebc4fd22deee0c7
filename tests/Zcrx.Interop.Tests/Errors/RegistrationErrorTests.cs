using Zcrx.Interop.Abi;
using Zcrx.Interop.Queues;
using Zcrx.Interop.Tests.Kernel;

namespace Zcrx.Interop.Tests.Errors;

/// <summary>Tests the exception for each reason for which a kernel refuses to register a queue.</summary>
public class RegistrationErrorTests
{
    [Fact]
    public void Registration_without_CAP_NET_ADMIN_names_the_capability() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        RegistrationErrors.Explain(-Errno.EPERM, Facts.Nic with { Host = Facts.User }),
        Errno.EPERM,
        "Registering RX queue 3 of eth0 failed with EPERM",
        "CAP_NET_ADMIN",
        "setcap cap_net_admin+ep");

    [Fact]
    public void Registration_in_a_user_namespace_names_the_namespace() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        RegistrationErrors.Explain(-Errno.EPERM, Facts.DeviceLess with { Host = Facts.Root with { InitialUserNamespace = false } }),
        Errno.EPERM,
        "Registering a device-less queue failed with EPERM",
        "user namespace only");

    [Fact]
    public void Registration_that_a_seccomp_filter_forbids_names_the_filter() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        RegistrationErrors.Explain(-Errno.EPERM, Facts.Nic with { Host = Facts.Root with { SeccompFilter = true } }), Errno.EPERM, "seccomp");

    [Fact]
    public void Device_less_registration_on_a_kernel_without_it_is_unsupported()
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
    public void Notifications_on_a_kernel_without_them_are_unsupported() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EINVAL, Facts.DeviceLess with { Capabilities = Facts.Linux71 }),
        Errno.EINVAL,
        "notifications need Linux 7.2 or newer",
        "without notifications");

    [Fact]
    public void Buffer_length_on_a_kernel_without_the_option_is_unsupported() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EINVAL, Facts.Nic with { Capabilities = Facts.Linux619, Notifications = false, RxBufferLength = 8192 }),
        Errno.EINVAL,
        "Linux 7.0 or newer");

    [Theory]
    [InlineData(0u)]
    [InlineData(32769u)]
    public void Too_few_or_too_many_refill_entries_are_a_configuration_error(uint entries) =>
        AssertOption("RefillEntries", Facts.Nic with { RefillEntries = entries }, "between 1 and 32768");

    [Theory]
    [InlineData(100u)]
    [InlineData(2048u)]
    [InlineData(12288u)]
    public void Invalid_buffer_length_is_a_configuration_error(uint length) =>
        AssertOption("RxBufferLength", Facts.Nic with { RxBufferLength = length }, "power of two");

    [Theory]
    [InlineData(0UL)]
    [InlineData(4097UL)]
    public void Area_that_is_not_a_whole_number_of_pages_is_a_configuration_error(ulong bytes) => AssertOption("Area", Facts.Nic with { AreaBytes = bytes }, "whole number of pages");

    [Fact]
    public void Invalid_queue_index_is_a_configuration_error() =>
        AssertOption("RxQueue", Facts.Nic with { RxQueue = uint.MaxValue }, "not a queue index");

    [Fact]
    public void Registration_with_header_data_split_off_names_the_setting() => ExceptionAssert.Is<ZcrxDeviceException>(
        RegistrationErrors.Explain(-Errno.EINVAL, Facts.Nic),
        Errno.EINVAL,
        "header/data split of eth0 is off, or its threshold is not 0",
        "ethtool -G eth0 tcp-data-split on",
        "hds-thresh 0");

    [Fact]
    public void Registration_refused_by_the_split_setting_or_an_old_kernel_names_both_causes() => ExceptionAssert.Is<ZcrxDeviceException>(
        RegistrationErrors.Explain(-Errno.EINVAL, Facts.Nic with { Capabilities = Facts.Linux618, Notifications = false }),
        Errno.EINVAL,
        "header/data split of eth0 is off",
        "Linux 6.18.44 has no zero-copy receive at all");

    [Fact]
    public void Refusal_without_a_known_cause_asks_for_a_report() => ExceptionAssert.Is<ZcrxException>(
        RegistrationErrors.Explain(-Errno.EINVAL, Facts.DeviceLess), Errno.EINVAL, "refused a parameter", "report it");

    [Fact]
    public void Missing_interface_is_a_device_error() => ExceptionAssert.Is<ZcrxDeviceException>(
        RegistrationErrors.Explain(-Errno.ENODEV, Facts.Nic), Errno.ENODEV, "no interface eth0", "ip link");

    [Fact]
    public void Registration_on_a_driver_without_queue_management_is_unsupported() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EOPNOTSUPP, Facts.Nic with { Interface = "lo" }),
        Errno.EOPNOTSUPP,
        "driver of lo has no queue management",
        "device-less");

    [Fact]
    public void Buffer_length_that_the_device_lacks_is_unsupported_and_names_the_device() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EOPNOTSUPP, Facts.Nic with { RxBufferLength = 65536 }), Errno.EOPNOTSUPP, "eth0 cannot receive into buffers of 65536 bytes");

    [Fact]
    public void Device_less_registration_with_large_buffers_is_unsupported() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EOPNOTSUPP, Facts.DeviceLess with { RxBufferLength = 8192 }), Errno.EOPNOTSUPP, "always one page (4096 bytes)");

    [Fact]
    public void Device_less_registration_without_support_names_the_kernel_build_option() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EOPNOTSUPP, Facts.DeviceLess), Errno.EOPNOTSUPP, "CONFIG_IO_URING_ZCRX");

    [Fact]
    public void Queue_index_beyond_those_of_the_interface_is_a_device_error() => ExceptionAssert.Is<ZcrxDeviceException>(
        RegistrationErrors.Explain(-Errno.ERANGE, Facts.Nic), Errno.ERANGE, "eth0 has no RX queue 3", "ethtool -l eth0");

    [Fact]
    public void Registration_with_a_fragmented_area_names_the_cause() => ExceptionAssert.Is<ZcrxDeviceException>(
        RegistrationErrors.Explain(-Errno.ERANGE, Facts.Nic with { RxBufferLength = 65536 }), Errno.ERANGE, "not contiguous enough for buffers of 65536 bytes", "huge pages");

    [Fact]
    public void Registration_with_misplaced_statistics_names_them() => ExceptionAssert.Is<ZcrxException>(
        RegistrationErrors.Explain(-Errno.ERANGE, Facts.DeviceLess), Errno.ERANGE, "statistics");

    [Fact]
    public void Queue_that_XDP_or_another_receiver_uses_is_busy() => ExceptionAssert.Is<ZcrxQueueBusyException>(
        RegistrationErrors.Explain(-Errno.EEXIST, Facts.Nic), Errno.EEXIST, "XDP program is attached to eth0", "xdp off");

    [Fact]
    public void Device_less_registration_on_a_thread_that_does_not_own_the_ring_names_the_cause() => ExceptionAssert.Is<ZcrxException>(
        RegistrationErrors.Explain(-Errno.EEXIST, Facts.DeviceLess), Errno.EEXIST, "does not own the ring");

    [Fact]
    public void Queue_that_AF_XDP_uses_is_busy() => ExceptionAssert.Is<ZcrxQueueBusyException>(
        RegistrationErrors.Explain(-Errno.EBUSY, Facts.Nic), Errno.EBUSY, "AF_XDP");

    [Theory]
    [InlineData(Errno.ENXIO, "gone")]
    [InlineData(Errno.ENETDOWN, "eth0 is down")]
    public void Registration_on_a_removed_or_stopped_device_is_a_device_error(int errno, string word) =>
        ExceptionAssert.Is<ZcrxDeviceException>(RegistrationErrors.Explain(-errno, Facts.Nic), errno, word);

    [Fact]
    public void Registration_beyond_the_limit_on_locked_memory_names_the_limit() => ExceptionAssert.Is<ZcrxMemoryException>(
        RegistrationErrors.Explain(-Errno.ENOMEM, Facts.Nic with { Host = Facts.User }),
        Errno.ENOMEM,
        "67108864 bytes",
        "may lock 8388608",
        "ulimit -l");

    [Fact]
    public void Registration_without_memory_is_a_memory_error() => ExceptionAssert.Is<ZcrxMemoryException>(
        RegistrationErrors.Explain(-Errno.ENOMEM, Facts.Nic), Errno.ENOMEM, "67108864 bytes", "smaller area");

    [Fact]
    public void Registration_with_unusable_memory_is_a_memory_error() => ExceptionAssert.Is<ZcrxMemoryException>(
        RegistrationErrors.Explain(-Errno.EFAULT, Facts.DeviceLess), Errno.EFAULT, "not mapped or not writable");

    [Fact]
    public void Error_that_the_user_can_repair_is_neither_unsupported_nor_not_permitted()
    {
        // "Unsupported" and "not permitted" make the library choose another engine. An error that the user can repair must not do that.
        int[] repairable = [Errno.EEXIST, Errno.EBUSY, Errno.ENODEV, Errno.ERANGE, Errno.ENOMEM, Errno.EFAULT, Errno.EINVAL];
        Assert.All(repairable, errno =>
        {
            var exception = RegistrationErrors.Explain(-errno, Facts.Nic);
            Assert.False(exception is ZcrxUnsupportedException or ZcrxNotPermittedException, exception.Message);
        });
    }

    [Theory]
    [InlineData(Errno.EINVAL)]
    [InlineData(Errno.EOPNOTSUPP)]
    [InlineData(Errno.EBADF)]
    [InlineData(Errno.EFAULT)]
    [InlineData(Errno.ENODEV)]
    [InlineData(Errno.EIO)]
    public void Refused_dma_buf_is_unsupported_and_names_both_causes(int errno)
    {
        ExceptionAssert.Is<ZcrxUnsupportedException>(
            RegistrationErrors.Explain(-errno, Facts.Nic with { IsDmaBuf = true }), errno, "cannot take this dma-buf", "also fails without the dma-buf", "without the dma-buf first");
        Assert.DoesNotContain("dma-buf", RegistrationErrors.Explain(-errno, Facts.Nic).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Errno.EBUSY)]
    [InlineData(Errno.EEXIST)]
    public void Busy_queue_is_busy_with_a_dma_buf_too(int errno) =>
        ExceptionAssert.Is<ZcrxQueueBusyException>(RegistrationErrors.Explain(-errno, Facts.Nic with { IsDmaBuf = true }), errno);

    [Fact]
    public void Registration_that_a_security_module_denies_is_not_permitted() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        RegistrationErrors.Explain(-Errno.EACCES, Facts.Nic with { Host = Facts.User }), Errno.EACCES, "CAP_NET_ADMIN");

    [Theory]
    [InlineData(Errno.EINVAL)]
    [InlineData(Errno.EOPNOTSUPP)]
    public void Queue_of_a_NIC_on_a_kernel_without_zero_copy_receive_is_unsupported(int errno) => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-errno, Facts.Nic with { Capabilities = ZcrxCapabilities.Query(KernelRows.Linux61) }), errno, "CONFIG_IO_URING_ZCRX", "emulated");

    [Fact]
    public void Device_less_registration_is_unsupported_on_an_older_kernel_for_either_errno() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RegistrationErrors.Explain(-Errno.EOPNOTSUPP, Facts.DeviceLess with { Capabilities = Facts.Linux619 }), Errno.EOPNOTSUPP, "device-less mode needs Linux 7.1 or newer");

    [Fact]
    public void Feature_that_was_not_requested_is_not_named_as_the_cause()
    {
        // The kernel lacks notifications and an option for the buffer length. Neither was requested, so neither is the cause.
        ExceptionAssert.Is<ZcrxDeviceException>(
            RegistrationErrors.Explain(-Errno.EINVAL, Facts.Nic with { Capabilities = Facts.Linux619, Notifications = false }), Errno.EINVAL, "header/data split of eth0 is off");
        // The kernel has the notifications that were requested, so they are not the cause.
        Assert.DoesNotContain("notifications", RegistrationErrors.Explain(-Errno.EINVAL, Facts.Nic).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("no zero-copy receive", RegistrationErrors.Explain(-Errno.EINVAL, Facts.Nic).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1u, 0u, 4096ul)]
    [InlineData(32768u, 4096u, 8192ul)]
    [InlineData(4096u, 8192u, 4096ul)]
    public void Options_at_their_limits_are_not_named_as_the_cause(uint entries, uint bufferLength, ulong areaBytes) => ExceptionAssert.Is<ZcrxDeviceException>(
        RegistrationErrors.Explain(-Errno.EINVAL, Facts.Nic with { RefillEntries = entries, RxBufferLength = bufferLength, AreaBytes = areaBytes }), Errno.EINVAL, "header/data split");

    [Fact]
    public void Device_less_queue_has_no_queue_index_that_could_be_invalid() => ExceptionAssert.Is<ZcrxException>(
        RegistrationErrors.Explain(-Errno.EINVAL, Facts.DeviceLess with { RxQueue = uint.MaxValue }), Errno.EINVAL, "refused a parameter");

    [Fact]
    public void Driver_without_queue_management_is_no_reason_to_use_a_mode_that_the_kernel_lacks()
    {
        var exception = RegistrationErrors.Explain(-Errno.EOPNOTSUPP, Facts.Nic with { Capabilities = Facts.Linux619, Notifications = false });
        ExceptionAssert.Is<ZcrxUnsupportedException>(exception, Errno.EOPNOTSUPP, "driver of eth0 has no queue management", "choose another engine");
        Assert.DoesNotContain("device-less", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(4096u)]
    public void Buffers_of_one_page_are_no_cause(uint bufferLength)
    {
        Assert.DoesNotContain("buffers of", RegistrationErrors.Explain(-Errno.EOPNOTSUPP, Facts.Nic with { RxBufferLength = bufferLength }).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("buffers of", RegistrationErrors.Explain(-Errno.ERANGE, Facts.Nic with { RxBufferLength = bufferLength }).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("one page", RegistrationErrors.Explain(-Errno.EOPNOTSUPP, Facts.DeviceLess with { RxBufferLength = bufferLength }).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_errno_is_reported_with_its_name() =>
        ExceptionAssert.Is<ZcrxException>(RegistrationErrors.Explain(-Errno.ENOSPC, Facts.Nic), Errno.ENOSPC);

    private static void AssertOption(string path, RegistrationFacts facts, string word)
    {
        var exception = ExceptionAssert.Is<ZcrxConfigurationException>(RegistrationErrors.Explain(-Errno.EINVAL, facts), Errno.EINVAL, word);
        Assert.Equal(path, Assert.Single(exception.Errors).Path);
    }
}
