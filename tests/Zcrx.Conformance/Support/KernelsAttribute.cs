using System.Reflection;
using Xunit.Sdk;

namespace Zcrx.Conformance.Support;

/// <summary>Runs a test once per kernel under test. The argument is a name for <see cref="KernelUnderTest.Open"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelsAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => KernelUnderTest.Names.Select(name => new object[] { name });
}
