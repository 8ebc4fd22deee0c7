using Zcrx.Interop.Abi;
using Zcrx.Interop.Queues;

namespace Zcrx.Interop.Tests.Errors;

public class ImportErrorTests
{
    [Theory]
    [InlineData(Errno.EFAULT)]
    [InlineData(Errno.EINVAL)]
    public void Import_on_a_kernel_that_lacks_it_is_unsupported(int errno) => ExceptionAssert.Is<ZcrxUnsupportedException>(
        ImportErrors.Explain(-errno, Facts.Linux618, Facts.Root), errno, "importing a queue needs Linux 6.19 or newer");

    [Fact]
    public void Import_of_a_descriptor_that_is_no_exported_queue_names_the_cause() => ExceptionAssert.Is<ZcrxException>(
        ImportErrors.Explain(-Errno.EBADF, Facts.Linux72, Facts.Root), Errno.EBADF, "no exported queue");

    [Fact]
    public void Import_with_a_field_that_must_be_zero_names_the_cause() => ExceptionAssert.Is<ZcrxException>(
        ImportErrors.Explain(-Errno.EINVAL, Facts.Linux72, Facts.Root), Errno.EINVAL, "must leave zero");

    [Fact]
    public void Import_without_CAP_NET_ADMIN_names_the_capability() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        ImportErrors.Explain(-Errno.EPERM, Facts.Linux72, Facts.User), Errno.EPERM, "CAP_NET_ADMIN");
}
