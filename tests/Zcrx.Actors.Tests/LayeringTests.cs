using System.Reflection;

namespace Zcrx.Actors.Tests;

public class LayeringTests
{
    private const BindingFlags Every =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    [Fact]
    public void Actors_make_no_native_calls()
    {
        var native = Assembly.Load("Zcrx.Actors").GetTypes()
            .SelectMany(type => type.GetMethods(Every))
            .Where(method => method.Attributes.HasFlag(MethodAttributes.PinvokeImpl));

        Assert.Empty(native);
    }

    [Fact]
    public void Akka_is_the_version_that_the_package_promises()
    {
        Assert.Equal(new Version(1, 4, 46, 0), Assembly.Load("Akka").GetName().Version);
    }
}
