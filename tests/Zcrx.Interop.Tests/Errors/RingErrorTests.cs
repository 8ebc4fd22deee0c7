using Zcrx.Interop.Abi;
using Zcrx.Interop.Rings;

namespace Zcrx.Interop.Tests.Errors;

public class RingErrorTests
{
    private static readonly HostFacts Host = Facts.Root;

    [Fact]
    public void Error_for_rings_forbidden_to_all_processes_names_the_sysctl() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        RingErrors.ExplainSetup(-Errno.EPERM, Host with { IoUringAccess = IoUringAccess.Nobody }),
        Errno.EPERM,
        "kernel.io_uring_disabled is 2",
        "sysctl kernel.io_uring_disabled=0");

    [Fact]
    public void Error_for_rings_restricted_to_a_group_names_the_sysctl() => ExceptionAssert.Is<ZcrxNotPermittedException>(
        RingErrors.ExplainSetup(-Errno.EPERM, Facts.User with { IoUringAccess = IoUringAccess.PrivilegedOrGroup }),
        Errno.EPERM,
        "kernel.io_uring_disabled is 1",
        "group");

    [Theory]
    [InlineData(Errno.EPERM)]
    [InlineData(Errno.ENOSYS)]
    public void Error_for_a_ring_that_a_container_runtime_forbids_names_the_filter(int errno) =>
        ExceptionAssert.Is<ZcrxNotPermittedException>(
            RingErrors.ExplainSetup(-errno, Host with { SeccompFilter = true }), errno, "seccomp");

    [Theory]
    [InlineData(Errno.EPERM)]
    [InlineData(Errno.EACCES)]
    public void Error_for_a_ring_that_a_security_module_forbids_names_the_module(int errno) =>
        ExceptionAssert.Is<ZcrxNotPermittedException>(RingErrors.ExplainSetup(-errno, Host), errno, "security module");

    [Fact]
    public void Kernel_built_without_io_uring_is_unsupported() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RingErrors.ExplainSetup(-Errno.ENOSYS, Host), Errno.ENOSYS, "built without io_uring");

    [Fact]
    public void Kernel_without_the_needed_ring_flags_is_unsupported() => ExceptionAssert.Is<ZcrxUnsupportedException>(
        RingErrors.ExplainSetup(-Errno.EINVAL, Host), Errno.EINVAL, "DEFER_TASKRUN", "Linux 7.2.12", "Linux 6.6 or newer");

    [Fact]
    public void Ring_without_memory_is_a_memory_error() => ExceptionAssert.Is<ZcrxMemoryException>(RingErrors.ExplainSetup(-Errno.ENOMEM, Host), Errno.ENOMEM, "the ring");

    [Theory]
    [InlineData(Errno.EMFILE, "ulimit -n")]
    [InlineData(Errno.ENFILE, "fs.file-max")]
    public void Error_for_a_ring_without_a_free_descriptor_names_the_limit(int errno, string fix) =>
        ExceptionAssert.Is<ZcrxException>(RingErrors.ExplainSetup(-errno, Host), errno, fix);
}
