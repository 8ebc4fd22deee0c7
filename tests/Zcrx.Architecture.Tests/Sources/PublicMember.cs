using System.Reflection;
using System.Runtime.CompilerServices;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Represents the name of a public or protected type or member, as applications write it.</summary>
/// <param name="Type">The name of the type without its namespace and type parameters, such as <c>ZcrxEvent.QueueFailed</c>.</param>
/// <param name="Name">The name of the member. If this is the type itself, the last part of its name.</param>
internal sealed record PublicMember(string Type, string Name)
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Returns the public API of an assembly. Excludes members that applications do not use by their name.</summary>
    /// <param name="assembly">The assembly.</param>
    /// <param name="exceptNamespace">A namespace to exclude.</param>
    /// <remarks>
    /// The excluded members are constructors, operators, overrides, members that the compiler generates for records, and implementations of
    /// .NET interfaces.
    /// </remarks>
    public static IReadOnlyList<PublicMember> Of(Assembly assembly, string exceptNamespace) =>
        [.. assembly.GetExportedTypes().Where(type => type.Namespace != exceptNamespace).SelectMany(Of)];

    /// <summary>Returns a type and its members. All overloads of a member count as one.</summary>
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
        // Nested types are excluded here, because GetExportedTypes returns them as types.
        { MemberType: MemberTypes.NestedType or MemberTypes.Constructor } => false,
        MethodInfo method => !method.IsSpecialName && IsVisible(method) && IsOwn(method),
        PropertyInfo property => property.GetMethod is { } getter && IsVisible(getter) && IsOwn(getter),
        EventInfo @event => IsVisible(@event.AddMethod!),
        FieldInfo field => (field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly) && !field.IsSpecialName,
        _ => false,
    };

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsOwn(MethodInfo method) => method.GetBaseDefinition() == method
        // Methods that the compiler generates are excluded. The accessors of a record's properties are not, because applications use the
        // names of the properties.
        && (method.IsSpecialName || !method.IsDefined(typeof(CompilerGeneratedAttribute)))
        && method.Name is not nameof(Equals) and not "get_EqualityContract"
        && !ImplementsPlatform(method);

    private static bool ImplementsPlatform(MethodInfo method) => method.DeclaringType is { IsInterface: false } type
        && type.GetInterfaces()
            .Where(static contract => contract.Namespace!.StartsWith("System", StringComparison.Ordinal))
            .Any(contract => type.GetInterfaceMap(contract).TargetMethods.Contains(method));
}
