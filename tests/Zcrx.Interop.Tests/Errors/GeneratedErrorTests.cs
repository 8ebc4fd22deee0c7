using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Queues;
using Zcrx.Interop.Rings;

namespace Zcrx.Interop.Tests.Errors;

/// <summary>Tests that every errno results in an explanation, whatever the facts are.</summary>
public class GeneratedErrorTests
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(2_000);

    [Fact]
    public void Any_errno_of_a_ring_is_explained() => Check(
        from errno in Generators.AnyErrno
        from host in Generators.AnyHost
        select (errno, RingErrors.ExplainSetup(errno, host)));

    [Fact]
    public void Any_errno_of_a_registration_is_explained() => Check(
        from errno in Generators.AnyErrno
        from facts in Generators.AnyFacts
        select (errno, RegistrationErrors.Explain(errno, facts)));

    [Fact]
    public void Any_errno_of_an_import_is_explained() => Check(
        from errno in Generators.AnyErrno
        from capabilities in Generators.AnyCapabilities
        from host in Generators.AnyHost
        select (errno, ImportErrors.Explain(errno, capabilities, host)));

    [Fact]
    public void Any_errno_of_a_control_call_is_explained() => Check(
        from errno in Generators.AnyErrno
        from op in Generators.AnyControl
        select (errno, ControlErrors.Explain(op, errno)));

    private static void Check(Gen<(int Errno, ZcrxException Exception)> cases) => Prop
        .ForAll(cases.ToArbitrary(), sample => ExceptionAssert.IsReadable(sample.Exception, sample.Errno))
        .Check(Many);
}
