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
    public void An_unknown_queue(uint op, string operation) =>
        ExceptionAssert.Is<ZcrxDeviceException>(ControlErrors.Explain(op, -Errno.ENXIO), Errno.ENXIO, operation, "no such queue");

    [Theory]
    [InlineData(ZCRX_CTRL_FLUSH_RQ, "6.19")]
    [InlineData(ZCRX_CTRL_EXPORT, "6.19")]
    [InlineData(ZCRX_CTRL_ARM_EVENT, "7.2")]
    [InlineData(ZCRX_CTRL_ADD_AREA, "7.3")]
    [InlineData(77u, "does not support it")]
    public void An_unknown_operation(uint op, string word) =>
        ExceptionAssert.Is<ZcrxUnsupportedException>(ControlErrors.Explain(op, -Errno.EOPNOTSUPP), Errno.EOPNOTSUPP, word);

    [Theory]
    [InlineData(ZCRX_CTRL_FLUSH_RQ)]
    [InlineData(ZCRX_CTRL_EXPORT)]
    public void A_kernel_without_control_calls(uint op) =>
        ExceptionAssert.Is<ZcrxUnsupportedException>(ControlErrors.Explain(op, -Errno.EINVAL), Errno.EINVAL, "Linux 6.19 or newer");

    [Fact]
    public void A_notification_that_has_not_fired() => ExceptionAssert.Is<ZcrxException>(
        ControlErrors.Explain(ZCRX_CTRL_ARM_EVENT, -Errno.EINVAL), Errno.EINVAL, "has not fired");

    [Fact]
    public void An_area_of_another_kind() => ExceptionAssert.Is<ZcrxException>(
        ControlErrors.Explain(ZCRX_CTRL_ADD_AREA, -Errno.EINVAL), Errno.EINVAL, "another kind of memory", "1024 areas");

    [Fact]
    public void An_area_that_is_not_mapped() => ExceptionAssert.Is<ZcrxMemoryException>(
        ControlErrors.Explain(ZCRX_CTRL_ADD_AREA, -Errno.EFAULT), Errno.EFAULT, "not mapped or not writable");

    [Fact]
    public void An_area_that_is_not_contiguous() => ExceptionAssert.Is<ZcrxMemoryException>(
        ControlErrors.Explain(ZCRX_CTRL_ADD_AREA, -Errno.ERANGE), Errno.ERANGE, "contiguous");

    [Fact]
    public void A_reserved_field() => ExceptionAssert.Is<ZcrxMemoryException>(
        ControlErrors.Explain(ZCRX_CTRL_FLUSH_RQ, -Errno.EFAULT), Errno.EFAULT, "reserved field");

    [Fact]
    public void No_descriptor_left_for_an_export() => ExceptionAssert.Is<ZcrxException>(
        ControlErrors.Explain(ZCRX_CTRL_EXPORT, -Errno.EMFILE), Errno.EMFILE, "ulimit -n");

    [Fact]
    public void Another_thread() => ExceptionAssert.Is<ZcrxException>(
        ControlErrors.Explain(ZCRX_CTRL_FLUSH_RQ, -Errno.EEXIST), Errno.EEXIST, "does not own the ring");

    [Fact]
    public void Memory() => ExceptionAssert.Is<ZcrxMemoryException>(
        ControlErrors.Explain(ZCRX_CTRL_ADD_AREA, -Errno.ENOMEM), Errno.ENOMEM, "area", "ulimit -l");
}
