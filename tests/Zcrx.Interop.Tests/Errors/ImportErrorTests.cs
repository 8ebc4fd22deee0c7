using Zcrx.Interop.Abi;
using Zcrx.Interop.Queues;

namespace Zcrx.Interop.Tests.Errors;

public class ImportErrorTests
{
    [Theory]
    [InlineData(Errno.EFAULT)]
    [InlineData(Errno.EINVAL)]
    public void A_kernel_without_import(int errno) => ExceptionAssert.Is<ZcrxUnsupportedException>(
        ImportErrors.Explain(-errno, Facts.Linux618, Facts.Root), errno, "importing a queue needs Linux 6.19 or newer");

    [Fact]
    public void Not_an_exported_queue() => ExceptionAssert.Is<ZcrxException>(
        ImportErrors.Explain(-Errno.EBADF, Facts.Linux72, Facts.Root), Errno.EBADF, "no exported queue");

    [Fact]
    public void A_field_that_must_be_zero() => ExceptionAssert.Is<ZcrxException>(
        ImportErrors.Explain(-Errno.EINVAL, Facts.Linux72, Facts.Root), Errno.EINVAL, "must leave zero");

    [Fact]
    public void The_capability_is_missing() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        ImportErrors.Explain(-Errno.EPERM, Facts.Linux72, Facts.User), Errno.EPERM, "CAP_NET_ADMIN");
}
