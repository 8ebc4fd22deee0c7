using Zcrx.Conformance.Child;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Rx;

namespace Zcrx.Conformance.Engines;

public class EngineFallbackTests
{
    /// <summary>
    /// Gets the engines and the errnos with which container runtimes refuse io_uring. Docker and Podman return EPERM, others ENOSYS.
    /// </summary>
    public static TheoryData<ZcrxEngine, int> Refusals => new()
    {
        { ZcrxEngine.IoUring, Errno.EPERM },
        { ZcrxEngine.IoUring, Errno.ENOSYS },
        { ZcrxEngine.Auto, Errno.EPERM },
        { ZcrxEngine.Auto, Errno.ENOSYS },
    };

    [SkippableTheory, MemberData(nameof(Refusals))]
    public void Queue_behind_a_seccomp_filter_is_emulated_and_receives(ZcrxEngine engine, int errno)
    {
        using ChildProcess child = OtherThread.Run(() =>
        {
            Skip.IfNot(SeccompFilter.RefuseIoUring(errno), "no seccomp filter can be installed here");
            return new ChildProcess("engine", engine.ToString());
        });

        string text = child.Await("ENGINE");

        Assert.StartsWith("emulated: ", text, StringComparison.Ordinal);
        Assert.Contains(engine == ZcrxEngine.Auto ? "not device-less" : "seccomp", text, StringComparison.Ordinal);
        Assert.Equal("100000", child.Await("RECEIVED"));
    }

    [SkippableFact]
    public void Queue_with_engine_io_uring_uses_it_where_it_is_allowed()
    {
        string? reason = MultishotKernel.WhyNot(HostFacts.Read());
        Skip.If(reason is not null, reason);
        using ChildProcess child = new("engine", nameof(ZcrxEngine.IoUring));

        Assert.Equal("io_uring: explicitly configured", child.Await("ENGINE"));
        Assert.Equal("100000", child.Await("RECEIVED"));
    }
}
