using System.Collections.Immutable;
using Microsoft.CodeAnalysis;

namespace Zcrx.Rx.Analyzers;

/// <summary>Holds the symbols of the borrowed and leased types of Zcrx in one compilation.</summary>
internal sealed class ZcrxTypes
{
    private static readonly string[] BorrowedNames = ["Zcrx.Interop.ReceivedBuffer", "Zcrx.Rx.ReceivedFrame"];

    private static readonly ImmutableHashSet<string> Libraries = ["Zcrx.Interop", "Zcrx.Rx", "Zcrx.Actors", "Zcrx.Cluster", "Zcrx.AspNetCore"];

    // Types of Rx and of the runtime whose values contain elements, such as a notification or a list.
    private static readonly ImmutableHashSet<string> Carriers =
    [
        "Timestamped", "TimeInterval", "Notification", "KeyValuePair", "Nullable", "List", "IList", "IReadOnlyList", "ICollection",
        "IReadOnlyCollection", "IEnumerable", "Queue", "Stack", "HashSet", "ImmutableList", "ImmutableArray",
    ];

    private readonly ImmutableArray<INamedTypeSymbol> _borrowed;
    private readonly ImmutableArray<INamedTypeSymbol> _leases;
    private readonly INamedTypeSymbol _observable;

    private ZcrxTypes(ImmutableArray<INamedTypeSymbol> borrowed, INamedTypeSymbol observable)
    {
        _borrowed = borrowed;
        _observable = observable;
        _leases = [.. borrowed
            .SelectMany(static type => type.GetMembers("Retain").OfType<IMethodSymbol>())
            .Where(static method => method.Parameters.IsEmpty)
            .Select(static method => method.ReturnType)
            .OfType<INamedTypeSymbol>()];
    }

    /// <summary>Returns the types of a compilation, or null when the compilation references none of them.</summary>
    public static ZcrxTypes? Of(Compilation compilation)
    {
        ImmutableArray<INamedTypeSymbol> borrowed = [.. BorrowedNames.Select(compilation.GetTypeByMetadataName).OfType<INamedTypeSymbol>()];
        return borrowed.IsEmpty || compilation.GetTypeByMetadataName("System.IObservable`1") is not { } observable ? null : new ZcrxTypes(borrowed, observable);
    }

    /// <summary>Determines whether a symbol is declared by one of this product's libraries.</summary>
    public static bool IsZcrx(ISymbol? symbol) => symbol?.ContainingAssembly?.Name is { } name && Libraries.Contains(name);

    /// <summary>Determines whether values of a type are lent for the duration of <c>OnNext</c>.</summary>
    public bool IsBorrowed(ITypeSymbol? type) => _borrowed.Contains(type, SymbolEqualityComparer.Default);

    /// <summary>Determines whether a type is a result type of <c>Retain</c>.</summary>
    public bool IsLease(ITypeSymbol? type) => _leases.Contains(type, SymbolEqualityComparer.Default);

    /// <summary>Returns the borrowed type that the given type is or contains; null when there is none.</summary>
    public ITypeSymbol? BorrowedIn(ITypeSymbol? type) => Find(type, IsBorrowed);

    /// <summary>Returns the element type of an observable sequence; null when the type is no sequence.</summary>
    public ITypeSymbol? ElementOf(ITypeSymbol? type) => SequenceOf(type)?.TypeArguments[0];

    /// <summary>Returns the element type of a sequence, or of the sequences in an array or a collection; otherwise null.</summary>
    public ITypeSymbol? ElementOfAny(ITypeSymbol? type) => ElementOf(type) ?? type switch
    {
        IArrayTypeSymbol array => ElementOf(array.ElementType),
        INamedTypeSymbol { TypeArguments: [var single] } => ElementOf(single),
        _ => null,
    };

    /// <summary>Determines whether a type is declared by this product, or contains such a type.</summary>
    public static bool IsOfZcrx(ITypeSymbol? type) => Find(type, IsZcrx) is not null;

    private static ITypeSymbol? Find(ITypeSymbol? type, Func<ITypeSymbol, bool> matches) => type switch
    {
        null => null,
        _ when matches(type) => type,
        IArrayTypeSymbol array => Find(array.ElementType, matches),
        INamedTypeSymbol { IsTupleType: true } tuple => tuple.TupleElements.Select(field => Find(field.Type, matches)).FirstOrDefault(static found => found is not null),
        INamedTypeSymbol { IsAnonymousType: true } anonymous => anonymous.GetMembers().OfType<IPropertySymbol>().Select(property => Find(property.Type, matches)).FirstOrDefault(static found => found is not null),
        INamedTypeSymbol { IsGenericType: true } generic when Carriers.Contains(generic.Name) => generic.TypeArguments.Select(argument => Find(argument, matches)).FirstOrDefault(static found => found is not null),
        _ => null,
    };

    private INamedTypeSymbol? SequenceOf(ITypeSymbol? type) =>
        IsSequence(type) ? (INamedTypeSymbol)type! : type?.AllInterfaces.FirstOrDefault(IsSequence);

    private bool IsSequence(ITypeSymbol? type) => SymbolEqualityComparer.Default.Equals(type?.OriginalDefinition, _observable);
}
