using System.Reflection;

namespace Zcrx.Rx.Tests;

public class LayeringTests
{
    [Fact]
    public void Rx_depends_on_interop_and_reactive_and_the_runtime_only()
    {
        var references = Assembly.Load("Zcrx.Rx").GetReferencedAssemblies().Select(reference => reference.Name!);

        Assert.All(references, name => Assert.True(
            name == "Zcrx.Interop" || name.StartsWith("System.", StringComparison.Ordinal),
            $"Zcrx.Rx must not know {name}."));
    }
}
