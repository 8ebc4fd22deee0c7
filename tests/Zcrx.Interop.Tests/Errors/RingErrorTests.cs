using Zcrx.Interop.Abi;
using Zcrx.Interop.Rings;

namespace Zcrx.Interop.Tests.Errors;

public class RingErrorTests
{
    private static readonly HostFacts Host = Facts.Root;

    [Fact]
    public void Rings_forbidden_for_all_processes_name_the_sysctl() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        RingErrors.ExplainSetup(-Errno.EPERM, Host with { IoUringAccess = IoUringAccess.Nobody }),
        Errno.EPERM,
        "kernel.io_uring_disabled is 2",
        "sysctl kernel.io_uring_disabled=0");

    [Fact]
    public void Restricted_to_a_group() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        RingErrors.ExplainSetup(-Errno.EPERM, Facts.User with { IoUringAccess = IoUringAccess.PrivilegedOrGroup }),
        Errno.EPERM,
        "kernel.io_uring_disabled is 1",
        "group");

    [Theory]
    [InlineData(Errno.EPERM)]
    [InlineData(Errno.ENOSYS)]
    public void Filtered_by_a_container_runtime(int errno) => ExceptionAssert.Is<ZcrxNotPermittedException>(
        RingErrors.ExplainSetup(-errno, Host with { SeccompFilter = true }), errno, "seccomp");

    [Theory]
    [InlineData(Errno.EPERM)]
    [InlineData(Errno.EACCES)]
    public void Refused_by_a_security_module(int errno) =>
        ExceptionAssert.Is<ZcrxNotPermittedException>(RingErrors.ExplainSetup(-errno, Host), errno, "security module");

    [Fact]
    public void No_such_call() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RingErrors.ExplainSetup(-Errno.ENOSYS, Host), Errno.ENOSYS, "built without io_uring");

    [Fact]
    public void An_old_kernel_does_not_know_the_flags() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RingErrors.ExplainSetup(-Errno.EINVAL, Host), Errno.EINVAL, "DEFER_TASKRUN", "Linux 7.2.12", "Linux 6.6 or newer");

    [Fact]
    public void No_memory() => ExceptionAssert.Is<ZcrxMemoryException>(RingErrors.ExplainSetup(-Errno.ENOMEM, Host), Errno.ENOMEM, "the ring");

    [Theory]
    [InlineData(Errno.EMFILE, "ulimit -n")]
    [InlineData(Errno.ENFILE, "fs.file-max")]
    public void Too_many_files(int errno, string fix) =>
        ExceptionAssert.Is<ZcrxException>(RingErrors.ExplainSetup(-errno, Host), errno, fix);
}
