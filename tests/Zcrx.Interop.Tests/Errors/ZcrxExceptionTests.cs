using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Tests.Errors;

public class ZcrxExceptionTests
{
    [Fact]
    public void Message_contains_operation_errno_cause_and_fix()
    {
        var inner = new InvalidOperationException("inner");
        var exception = new ZcrxDeviceException("Reading RX queue 1 of eth0", -Errno.ENXIO, "it is gone", "Plug it in", inner);

        Assert.Equal("Reading RX queue 1 of eth0 failed with ENXIO: it is gone. Plug it in.", exception.Message);
        Assert.Equal(("Reading RX queue 1 of eth0", Errno.ENXIO, "ENXIO", "it is gone", "Plug it in"),
            (exception.Operation, exception.ErrorNumber, exception.ErrorName, exception.Cause, exception.Fix));
        Assert.Same(inner, exception.InnerException);
    }

    [Fact]
    public void Message_without_an_errno_and_a_fix_omits_both()
    {
        var exception = new ZcrxException("Closing", 0, "it never opened", "");

        Assert.Equal("Closing failed: it never opened.", exception.Message);
        Assert.Equal("", exception.ErrorName);
    }

    [Fact]
    public void Configuration_exception_contains_all_errors()
    {
        var exception = new ZcrxConfigurationException(
        [
            new("Zcrx:Queues:0:Area", "100 bytes are less than a page"),
            new("Zcrx:Listen:1", "'nonsense' is no end point"),
        ]);

        Assert.Equal(
            "Checking the configuration failed: Zcrx:Queues:0:Area: 100 bytes are less than a page; Zcrx:Listen:1: 'nonsense' is no end point. Correct the configuration.",
            exception.Message);
        Assert.Equal(["Zcrx:Queues:0:Area", "Zcrx:Listen:1"], exception.Errors.Select(error => error.Path));
        Assert.Equal(0, exception.ErrorNumber);
    }

    [Fact]
    public void Configuration_exception_without_errors_is_refused() =>
        Assert.Throws<ArgumentException>(() => new ZcrxConfigurationException([]));
}
