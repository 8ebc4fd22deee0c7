using System.Reflection;
using Zcrx.Interop.Abi;

namespace Zcrx.Interop.Tests.Abi;

/// <summary>Lists the types of the kernel's ABI that the library declares.</summary>
internal static class AbiTypes
{
    private static readonly Type[] All =
        [.. typeof(io_uring_sqe).Assembly.GetTypes().Where(type => type.Namespace == "Zcrx.Interop.Abi" && !type.IsNested)];

    /// <summary>Gets the structs that the library declares. Their names are those of the kernel.</summary>
    public static IReadOnlyList<Type> Structs { get; } = [.. All.Where(type => type.IsValueType && !type.IsEnum)];

    /// <summary>Gets the constants that the library declares, by name. The error numbers are in <c>Errors</c>.</summary>
    public static IReadOnlyDictionary<string, ulong> Constants { get; } = All
        .Where(type => type.IsClass && type != typeof(Errno))
        .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
        .Where(field => field.IsLiteral)
        .ToDictionary(field => field.Name, field => Convert.ToUInt64(field.GetRawConstantValue(), null));

    /// <summary>Gets the error numbers by name.</summary>
    public static IReadOnlyDictionary<string, int> Errors { get; } = typeof(Errno)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.IsLiteral)
        .ToDictionary(field => field.Name, field => (int)field.GetRawConstantValue()!);

    public static Type Struct(string name) =>
        Structs.FirstOrDefault(type => type.Name == name) ?? throw new InvalidOperationException($"There is no struct {name}.");
}
