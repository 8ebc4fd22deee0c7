using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Zcrx.Rx.Analyzers;

/// <summary>Traces a sequence back to its origin, to determine how its consumer gets the elements: borrowed or owned.</summary>
internal sealed class SequenceElements(ZcrxTypes types)
{
    // The limit of operators that are traced in one chain, so that no source text makes the analysis slow.
    private const int LongestChain = 64;

    /// <summary>Returns the ownership with which the consumer of a sequence receives the elements.</summary>
    public Ownership OwnershipOf(IOperation sequence) => OwnershipOf(sequence, LongestChain);

    /// <summary>Determines whether a sequence comes from this library, directly or through operators.</summary>
    public bool IsOfZcrx(IOperation sequence)
    {
        IOperation? current = Operations.Unwrap(sequence);
        for (int length = 0; current is not null && length < LongestChain; length++)
        {
            if (ZcrxTypes.IsOfZcrx(types.ElementOf(current.Type)) || (current is IInvocationOperation { TargetMethod: var method } && ZcrxTypes.IsZcrx(method)))
            {
                return true;
            }

            current = SourceOf(current);
        }

        return false;
    }

    /// <summary>Returns the source of a sequence; null at the origin.</summary>
    /// <remarks>
    /// The source is the receiver of an operator, the value of a local, or the sequence that a group or a window is part of.
    /// </remarks>
    public IOperation? SourceOf(IOperation sequence) => sequence switch
    {
        IInvocationOperation { Arguments: [var first, ..], TargetMethod.IsExtensionMethod: true } when types.ElementOf(first.Value.Type) is not null => Operations.Unwrap(first.Value),
        IInvocationOperation { Instance: { } instance } when types.ElementOf(instance.Type) is not null => Operations.Unwrap(instance),
        ILocalReferenceOperation local => Operations.OnlyValueOf(local),
        IParameterReferenceOperation parameter when types.ElementOf(parameter.Type) is not null => SplitSource(parameter),
        _ => null,
    };

    /// <summary>Returns the name of a sequence's element type, for messages.</summary>
    public string NameOf(IOperation sequence)
    {
        ITypeSymbol? element = types.ElementOfAny(sequence.Type);
        return (types.BorrowedIn(element) ?? element)?.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat) ?? "element";
    }

    /// <summary>Determines whether a lambda returns memory that is valid as long as its borrowed parameter.</summary>
    public bool ReturnsBorrowedMemory(IOperation selector) =>
        Operations.Lambda(selector) is { } lambda && Operations.Results(lambda).Any(IsBorrowedMemory);

    private bool IsBorrowedMemory(IOperation value) => value switch
    {
        IPropertyReferenceOperation { Property.Name: "Memory" or "Sequence", Instance: { } instance } => types.IsBorrowed(instance.Type),
        // A slice of borrowed memory is borrowed.
        IInvocationOperation { TargetMethod.Name: "Slice", Instance: { } instance } => IsBorrowedMemory(Operations.Unwrap(instance)),
        ITupleOperation tuple => tuple.Elements.Any(element => IsBorrowedMemory(Operations.Unwrap(element))),
        IAnonymousObjectCreationOperation anonymous => anonymous.Initializers.OfType<ISimpleAssignmentOperation>().Any(member => IsBorrowedMemory(Operations.Unwrap(member.Value))),
        ILocalReferenceOperation local => Operations.OnlyValueOf(local) is { } assigned && IsBorrowedMemory(assigned),
        _ => false,
    };

    // Returns the sequence that was split into groups or windows, if a lambda's parameter is one of them. For the parameter group in
    // source.GroupBy(…).SelectMany(group => …), this is source.
    private IOperation? SplitSource(IParameterReferenceOperation parameter)
    {
        IOperation? current = Operations.CallThatTakes(parameter) is { } call && ReactiveOperators.IsGeneral(call.TargetMethod) ? SourceOf(call) : null;
        for (int length = 0; current is not null && length < LongestChain; length++)
        {
            if (current is IInvocationOperation split && ReactiveOperators.Splits(split.TargetMethod))
            {
                return SourceOf(split);
            }

            current = SourceOf(current);
        }

        return null;
    }

    private Ownership OwnershipOf(IOperation sequence, int depth)
    {
        sequence = Operations.Unwrap(sequence);
        ITypeSymbol? element = types.ElementOfAny(sequence.Type);
        if (types.BorrowedIn(element) is not null)
        {
            return Ownership.Borrowed;
        }

        if (depth == 0 || element is null)
        {
            return Ownership.Unknown;
        }

        if (sequence is IInvocationOperation call)
        {
            return OfCall(call, depth - 1);
        }

        if (SourceOf(sequence) is not { } source)
        {
            return Ownership.Unknown;
        }

        Ownership ofSource = OwnershipOf(source, depth - 1);
        // A parameter stands for a group or a window. The elements of a group can have another type than those of its source. A lease in
        // several overlapping windows has no single owner.
        bool same = sequence is not IParameterReferenceOperation
            || (ofSource != Ownership.Owned && SymbolEqualityComparer.Default.Equals(types.ElementOf(source.Type), element));
        return same ? ofSource : Ownership.Unknown;
    }

    private Ownership OfCall(IInvocationOperation call, int depth)
    {
        IMethodSymbol method = call.TargetMethod;
        ITypeSymbol? element = types.ElementOf(call.Type);
        if (ZcrxTypes.IsZcrx(method))
        {
            return method.Name switch
            {
                "Offload" or "ObserveOn" when types.IsLease(element) => Ownership.Lent,
                "Retained" when types.IsLease(element) => Ownership.Owned,
                _ => Ownership.Unknown,
            };
        }

        if (method.Name == "Select" && ReactiveOperators.IsGeneral(method) && call.Arguments.Length == 2)
        {
            return ReturnsBorrowedMemory(call.Arguments[1].Value) ? Ownership.Borrowed : Ownership.Unknown;
        }

        if (SourceOf(call) is not { } source || !SymbolEqualityComparer.Default.Equals(types.ElementOf(source.Type), element))
        {
            return Ownership.Unknown;
        }

        Ownership ofSource = OwnershipOf(source, depth);
        bool same = ofSource == Ownership.Owned ? ReactiveOperators.PassesOwnership(method) : ReactiveOperators.PassesOn(method);
        return same ? ofSource : Ownership.Unknown;
    }
}
