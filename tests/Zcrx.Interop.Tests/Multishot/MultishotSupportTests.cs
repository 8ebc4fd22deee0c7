using Zcrx.Interop.Abi;
using Zcrx.Interop.Multishot;
using Zcrx.Interop.Tests.Errors;
using Zcrx.Interop.Tests.Kernel;

namespace Zcrx.Interop.Tests.Multishot;

public class MultishotSupportTests
{
    /// <summary>Gets an errno of the set-up, and words that the reason must contain.</summary>
    public static TheoryData<int, string> Refusals => new()
    {
        { Errno.EINVAL, "need 6.1" },
        { Errno.EPERM, "seccomp" },
        { Errno.ENOSYS, "seccomp" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void WhyNot_refused_set_up_names_the_cause(int errno, string words)
    {
        ScriptedKernel kernel = new() { Description = "scripted", SetupResult = -errno };

        string? reason = MultishotSupport.WhyNot(kernel, Facts.User with { SeccompFilter = true });

        Assert.Contains(words, reason, StringComparison.Ordinal);
        Assert.False(reason!.EndsWith('.'), "the reason is a clause");
    }

    [Theory]
    [InlineData(Errno.EMFILE)]
    [InlineData(Errno.ENOMEM)]
    public void WhyNot_lack_of_resources_is_no_reason(int errno) =>
        Assert.Null(MultishotSupport.WhyNot(new ScriptedKernel { Description = "scripted", SetupResult = -errno }, Facts.User));

    [Fact]
    public void WhyNot_switched_off_by_the_sysctl_names_it()
    {
        string? reason = MultishotKernel.WhyNot(Facts.Root with { IoUringAccess = IoUringAccess.Nobody });

        Assert.Contains("kernel.io_uring_disabled", reason, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void WhyNot_behind_a_seccomp_filter_names_the_filter()
    {
        string? reason = OtherThread.Run(() =>
        {
            Skip.IfNot(SeccompFilter.RefuseIoUring(Errno.EPERM), "No seccomp filter can be installed here.");
            return MultishotKernel.WhyNot(Facts.User with { SeccompFilter = true });
        });

        Assert.Contains("seccomp filter", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void HasLimits_of_a_kernel_without_rings_is_false() =>
        Assert.False(MultishotSupport.HasLimits(new ScriptedKernel { Description = "scripted" }));
}
