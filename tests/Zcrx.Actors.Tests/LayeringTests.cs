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
}
