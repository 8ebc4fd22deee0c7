using System.Reflection;
using System.Runtime.CompilerServices;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Names a public or protected type, or one of its members, as an application writes it.</summary>
/// <param name="Type">The type's name without namespace and type parameters: <c>ZcrxEvent.QueueFailed</c>.</param>
/// <param name="Name">The name of the member, or of a type the last part of its name.</param>
internal sealed record PublicMember(string Type, string Name)
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Returns the public API of an assembly, without members that users do not call by name.</summary>
    /// <param name="assembly">The assembly.</param>
    /// <param name="exceptNamespace">A namespace to exclude.</param>
    /// <remarks>
    /// Excluded are constructors, operators, overrides, members that the compiler generates for records, and implementations of interfaces
    /// of .NET.
    /// </remarks>
    public static IReadOnlyList<PublicMember> Of(Assembly assembly, string exceptNamespace) =>
        [.. assembly.GetExportedTypes().Where(type => type.Namespace != exceptNamespace).SelectMany(Of)];

    /// <summary>Returns the type itself and its members. A member with overloads counts once.</summary>
    public static IEnumerable<PublicMember> Of(Type type)
    {
        string name = NameOf(type);
        IEnumerable<string> members = typeof(Delegate).IsAssignableFrom(type) ? [] : type.GetMembers(Declared).Where(IsOffered).Select(static member => member.Name);
        return members.Select(member => new PublicMember(name, member)).Prepend(new PublicMember(name, name[(name.LastIndexOf('.') + 1)..])).Distinct();
    }

    /// <inheritdoc/>
    public override string ToString() => Type == Name || Type.EndsWith($".{Name}", StringComparison.Ordinal) ? Type : $"{Type}.{Name}";

    private static string NameOf(Type type)
    {
        string own = type.Name.Split('`')[0];
        return type.DeclaringType is { } outer ? $"{NameOf(outer)}.{own}" : own;
    }

    private static bool IsOffered(MemberInfo member) => member switch
    {
        // A nested type is an exported type itself.
        { MemberType: MemberTypes.NestedType or MemberTypes.Constructor } => false,
        MethodInfo method => !method.IsSpecialName && IsVisible(method) && IsOwn(method),
        PropertyInfo property => property.GetMethod is { } getter && IsVisible(getter) && IsOwn(getter),
        EventInfo @event => IsVisible(@event.AddMethod!),
        FieldInfo field => (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly) && !field.IsSpecialName,
        _ => false,
    };

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsOwn(MethodInfo method) => method.GetBaseDefinition() == method
        // The accessors of a record's properties are compiler-generated as well, but its users write their names.
        && (method.IsSpecialName || !method.IsDefined(typeof(CompilerGeneratedAttribute)))
        && method.Name is not nameof(Equals) and not "get_EqualityContract"
        && !ImplementsPlatform(method);

    private static bool ImplementsPlatform(MethodInfo method) => method.DeclaringType is { IsInterface: false } type
        && type.GetInterfaces()
            .Where(static contract => contract.Namespace!.StartsWith("System", StringComparison.Ordinal))
            .Any(contract => type.GetInterfaceMap(contract).TargetMethods.Contains(method));
}
