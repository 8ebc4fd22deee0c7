using System.Reflection;

namespace Zcrx.Interop.Tests;

public class LayeringTests
{
    [Fact]
    public void Interop_depends_on_nothing_but_the_runtime()
    {
        var references = Assembly.Load("Zcrx.Interop").GetReferencedAssemblies().Select(reference => reference.Name!);

        Assert.All(references, name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
        Assert.DoesNotContain("System.Reactive", references);
    }
}
