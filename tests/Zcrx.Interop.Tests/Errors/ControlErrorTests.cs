using Zcrx.Interop.Abi;
using Zcrx.Interop.Queues;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Interop.Tests.Errors;

public class ControlErrorTests
{
    [Theory]
    [InlineData(ZCRX_CTRL_FLUSH_RQ, "Flushing the refill ring")]
    [InlineData(ZCRX_CTRL_EXPORT, "Exporting the queue")]
    [InlineData(ZCRX_CTRL_ARM_EVENT, "Arming a notification")]
    [InlineData(ZCRX_CTRL_ADD_AREA, "Adding an area to the queue")]
    [InlineData(77u, "Control operation 77")]
    public void Unknown_queue_id_is_a_device_error(uint op, string operation) =>
        ExceptionAssert.Is<ZcrxDeviceException>(ControlErrors.Explain(op, -Errno.ENXIO), Errno.ENXIO, operation, "no such queue");

    [Theory]
    [InlineData(ZCRX_CTRL_FLUSH_RQ, "6.19")]
    [InlineData(ZCRX_CTRL_EXPORT, "6.19")]
    [InlineData(ZCRX_CTRL_ARM_EVENT, "7.2")]
    [InlineData(ZCRX_CTRL_ADD_AREA, "7.3")]
    [InlineData(77u, "does not support it")]
    public void Unknown_operation_is_unsupported(uint op, string word) =>
        ExceptionAssert.Is<ZcrxUnsupportedException>(ControlErrors.Explain(op, -Errno.EOPNOTSUPP), Errno.EOPNOTSUPP, word);

    [Theory]
    [InlineData(ZCRX_CTRL_FLUSH_RQ)]
    [InlineData(ZCRX_CTRL_EXPORT)]
    public void Control_call_on_a_kernel_without_them_is_unsupported(uint op) =>
        ExceptionAssert.Is<ZcrxUnsupportedException>(ControlErrors.Explain(op, -Errno.EINVAL), Errno.EINVAL, "Linux 6.19 or newer");

    [Fact]
    public void Arming_a_notification_that_has_not_fired_names_the_cause() => ExceptionAssert.Is<ZcrxException>(
        ControlErrors.Explain(ZCRX_CTRL_ARM_EVENT, -Errno.EINVAL), Errno.EINVAL, "has not fired");

    [Fact]
    public void EINVAL_of_an_added_area_names_the_kind_of_memory_and_the_limit_of_areas() => ExceptionAssert.Is<ZcrxException>(
        ControlErrors.Explain(ZCRX_CTRL_ADD_AREA, -Errno.EINVAL), Errno.EINVAL, "another kind of memory", "1024 areas");

    [Fact]
    public void Added_area_that_is_not_mapped_is_a_memory_error() => ExceptionAssert.Is<ZcrxMemoryException>(
        ControlErrors.Explain(ZCRX_CTRL_ADD_AREA, -Errno.EFAULT), Errno.EFAULT, "not mapped or not writable");

    [Fact]
    public void Added_area_that_is_not_contiguous_is_a_memory_error() => ExceptionAssert.Is<ZcrxMemoryException>(
        ControlErrors.Explain(ZCRX_CTRL_ADD_AREA, -Errno.ERANGE), Errno.ERANGE, "contiguous");

    [Fact]
    public void EFAULT_of_a_control_call_is_a_memory_error_that_names_the_reserved_field() => ExceptionAssert.Is<ZcrxMemoryException>(
        ControlErrors.Explain(ZCRX_CTRL_FLUSH_RQ, -Errno.EFAULT), Errno.EFAULT, "reserved field");

    [Fact]
    public void Export_without_a_free_descriptor_names_the_limit() => ExceptionAssert.Is<ZcrxException>(
        ControlErrors.Explain(ZCRX_CTRL_EXPORT, -Errno.EMFILE), Errno.EMFILE, "ulimit -n");

    [Fact]
    public void Control_call_on_a_thread_that_does_not_own_the_ring_names_the_cause() => ExceptionAssert.Is<ZcrxException>(
        ControlErrors.Explain(ZCRX_CTRL_FLUSH_RQ, -Errno.EEXIST), Errno.EEXIST, "does not own the ring");

    [Fact]
    public void Added_area_without_memory_names_the_limit_on_locked_memory() => ExceptionAssert.Is<ZcrxMemoryException>(
        ControlErrors.Explain(ZCRX_CTRL_ADD_AREA, -Errno.ENOMEM), Errno.ENOMEM, "area", "ulimit -l");
}
