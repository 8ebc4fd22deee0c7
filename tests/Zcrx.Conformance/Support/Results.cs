using System.Globalization;
using System.Reflection;

namespace Zcrx.Conformance.Support;

/// <summary>Compares results of system calls. A failed test shows the name of the error, such as <c>-EFAULT</c> instead of −14.</summary>
internal static class Results
{
    private static readonly Dictionary<int, string> Names = typeof(Zcrx.Interop.Abi.Errno)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .ToDictionary(field => (int)field.GetRawConstantValue()!, field => field.Name);

    public static string Name(int result) =>
        result < 0 && Names.TryGetValue(-result, out string? name) ? "-" + name : result.ToString(CultureInfo.InvariantCulture);

    public static void Equal(int expected, int actual) => Assert.Equal(Name(expected), Name(actual));
}
