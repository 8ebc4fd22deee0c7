using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Zcrx.Rx.Analyzers;

/// <summary>Describes what the operators of System.Reactive, System.Linq and Akka.Streams do with elements of a sequence.</summary>
/// <remarks>
/// The lists follow the sources of System.Reactive. <c>Keeping</c> has the operators that store an element or schedule the call of
/// <c>OnNext</c>. <c>GroupBy</c>, <c>Window</c> and <c>Merge</c> are not in it, because they pass each element on before their own
/// <c>OnNext</c> returns. The consumers of a group or a window are checked separately.
/// </remarks>
internal static class ReactiveOperators
{
    private static readonly ImmutableDictionary<string, KeptParts> Keeping = new (KeptParts Parts, string[] Names)[]
    {
        (KeptParts.Source, [
            "Delay", "ObserveOn", "Buffer", "Replay", "ToList", "ToArray", "ToListObservable", "ToAsyncEnumerable", "ToEnumerable", "GetEnumerator", "Chunkify",
            "FromObservable"]),
        (KeptParts.Source | KeptParts.Drops, [
            "Sample", "Throttle", "PublishLast", "TakeLast", "TakeLastBuffer", "SkipLast", "LastAsync", "LastOrDefaultAsync", "SingleAsync", "SingleOrDefaultAsync",
            "First", "FirstOrDefault", "Last", "LastOrDefault", "Single", "SingleOrDefault", "Wait", "Latest", "MostRecent", "Next", "ToTask", "GetAwaiter", "RunAsync",
            "MinBy", "MaxBy", "Min", "Max", "Distinct", "DistinctUntilChanged", "Scan", "Aggregate", "Publish", "ToDictionary", "ToLookup"]),
        (KeptParts.All, ["Zip", "And", "Join"]),
        (KeptParts.All | KeptParts.Drops, ["CombineLatest", "ForkJoin", "SequenceEqual"]),
        (KeptParts.Others | KeptParts.Drops, ["WithLatestFrom", "GroupJoin"]),
    }.SelectMany(static row => row.Names, static (row, name) => (name, row.Parts)).ToImmutableDictionary(static row => row.name, static row => row.Parts);

    // An overload that has a parameter with one of these names keeps the delegate's result instead of the element.
    private static readonly ImmutableHashSet<string> Selectors = ["keySelector", "elementSelector", "selector", "accumulator"];

    private static readonly ImmutableHashSet<string> PassingOn =
    [
        "Where", "Do", "Skip", "SkipWhile", "SkipUntil", "Take", "TakeWhile", "TakeUntil", "Finally", "Catch", "Retry", "RetryWhen", "Repeat", "RepeatWhen",
        "AsObservable", "Publish", "RefCount", "AutoConnect", "Synchronize", "SubscribeOn", "DelaySubscription", "Timeout", "Concat", "Merge", "Amb", "StartWith", "Append",
        "Prepend", "DefaultIfEmpty", "FirstAsync", "FirstOrDefaultAsync", "ElementAt", "ElementAtOrDefault", "OnErrorResumeNext", "Switch",
    ];

    private static readonly ImmutableHashSet<string> PassingOwnership =
        ["Delay", "ObserveOn", "SubscribeOn", "DelaySubscription", "Synchronize", "AsObservable", "Take", "TakeUntil", "Finally", "Timeout"];

    /// <summary>Determines whether a method belongs to System.Reactive, System.Linq or Akka.Streams.</summary>
    public static bool IsGeneral(IMethodSymbol method) =>
        !ZcrxTypes.IsZcrx(method)
        && (method.ContainingType is { Name: "ObservableExtensions", ContainingNamespace.Name: "System" }
            || (method.ContainingNamespace?.ToDisplayString() is { } space && (StartsWith(space, "System.Reactive") || StartsWith(space, "System.Linq") || StartsWith(space, "Akka.Streams"))));

    /// <summary>Returns which elements an operator keeps beyond <c>OnNext</c>.</summary>
    public static KeptParts KeptBy(IInvocationOperation call)
    {
        IMethodSymbol method = call.TargetMethod;
        if (!IsGeneral(method) || !Keeping.TryGetValue(method.Name, out KeptParts parts))
        {
            return KeptParts.None;
        }

        bool hasSelector = method.Parameters.Any(static parameter => Selectors.Contains(parameter.Name));
        return method.Name switch
        {
            // Buffer(1) passes each list on before OnNext returns.
            "Buffer" when Operations.Argument(call, "count")?.ConstantValue.Value is 1 && Operations.Argument(call, "timeSpan") is null => KeptParts.None,
            // Without an initial value, Publish uses a subject that keeps no element.
            "Publish" when method.Parameters.All(static parameter => parameter.Name != "initialValue") => KeptParts.None,
            "Min" or "Max" or "Distinct" or "DistinctUntilChanged" when hasSelector => KeptParts.None,
            "ToDictionary" or "ToLookup" when method.Parameters.Any(static parameter => parameter.Name == "elementSelector") => KeptParts.None,
            // With a seed, the operator keeps the accumulator's results and no elements. KeepsValuesOf checks the type of the results.
            "Scan" or "Aggregate" when method.TypeParameters.Length > 1 => KeptParts.None,
            // Zip with an IEnumerable takes one item for each element that arrives, and passes both on at once.
            "Zip" when method.OriginalDefinition.Parameters.Any(static parameter => parameter.Type is INamedTypeSymbol { Name: "IEnumerable", TypeArguments: [ITypeParameterSymbol] }) => KeptParts.None,
            _ => parts,
        };
    }

    /// <summary>Determines whether an operator keeps values of a type parameter: keys, accumulators, elements of a dictionary.</summary>
    public static bool KeepsValuesOf(IMethodSymbol method, ITypeParameterSymbol parameter) => IsGeneral(method) && (method.Name, parameter.Name) switch
    {
        ("GroupBy" or "GroupByUntil" or "Distinct" or "DistinctUntilChanged" or "ToDictionary" or "ToLookup" or "MinBy" or "MaxBy", "TKey") => true,
        ("ToDictionary" or "ToLookup", "TElement") => true,
        ("Scan" or "Aggregate", "TAccumulate") => true,
        ("Min" or "Max" or "Collect", "TResult") => true,
        _ => false,
    };

    /// <summary>Determines whether an operator distributes the elements of its source over several sequences.</summary>
    public static bool Splits(IMethodSymbol method) => IsGeneral(method) && method.Name is "GroupBy" or "GroupByUntil" or "Window";

    /// <summary>
    /// Determines whether an operator passes the elements of its source on, unchanged, before its own <c>OnNext</c> returns.
    /// </summary>
    public static bool PassesOn(IMethodSymbol method) => IsGeneral(method) && PassingOn.Contains(method.Name);

    /// <summary>Determines whether an operator passes each element that it receives to exactly one observer, once.</summary>
    public static bool PassesOwnership(IMethodSymbol method) => IsGeneral(method) && PassingOwnership.Contains(method.Name);

    private static bool StartsWith(string space, string prefix) => space.StartsWith(prefix, StringComparison.Ordinal);
}
