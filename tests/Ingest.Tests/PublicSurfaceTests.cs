using System.Reflection;
using System.Runtime.CompilerServices;

namespace Ingest.Tests;

public class PublicSurfaceTests
{
    [Theory]
    [InlineData("Zcrx.Interop")]
    [InlineData("Zcrx.Rx")]
    [InlineData("Zcrx.Actors")]
    public void The_example_uses_what_any_user_can_use(string library)
    {
        var friends = Assembly.Load(library).GetCustomAttributes<InternalsVisibleToAttribute>().Select(friend => friend.AssemblyName);

        Assert.DoesNotContain("Ingest", friends);
    }
}
