using System.Reflection;
using Xunit.Sdk;

namespace Zcrx.Conformance.Support;

/// <summary>Runs a test once per kernel under test and per name in a table of the test class.</summary>
/// <param name="table">A static property of the class with the names.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelsTimesAttribute(string table) : DataAttribute
{
    public string Table => table;

    public override IEnumerable<object[]> GetData(MethodInfo testMethod)
    {
        PropertyInfo property = testMethod.DeclaringType!.GetProperty(table, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            ?? throw new InvalidOperationException($"{testMethod.DeclaringType} has no static property {table}");
        var rows = (IEnumerable<string>)property.GetValue(null)!;
        return from row in rows from kernel in KernelUnderTest.Names select new object[] { kernel, row };
    }
}
