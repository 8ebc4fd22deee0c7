using System.Reflection;
using System.Runtime.CompilerServices;

namespace Ingest.Tests;

public class PublicSurfaceTests
{
    [Theory]
    [InlineData("Zcrx.Interop")]
    [InlineData("Zcrx.Rx")]
    [InlineData("Zcrx.Actors")]
    public void Example_has_no_access_to_internals_of_a_library(string library)
    {
        var friends = Assembly.Load(library).GetCustomAttributes<InternalsVisibleToAttribute>().Select(friend => friend.AssemblyName);

        Assert.DoesNotContain("Ingest", friends);
    }
}
