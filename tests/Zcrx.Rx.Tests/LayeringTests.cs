using System.Reflection;

namespace Zcrx.Rx.Tests;

public class LayeringTests
{
    [Fact]
    public void Rx_depends_on_interop_and_reactive_and_the_runtime_only()
    {
        var references = Assembly.Load("Zcrx.Rx").GetReferencedAssemblies().Select(reference => reference.Name!);

        // Microsoft.Win32.Primitives is a part of the runtime. It contains the base type of SocketException.
        Assert.All(references, name => Assert.True(
            name is "Zcrx.Interop" or "Microsoft.Win32.Primitives" || name.StartsWith("System.", StringComparison.Ordinal),
            $"Zcrx.Rx must not know {name}."));
    }
}
