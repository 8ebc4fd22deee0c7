using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace Zcrx.Rx.Analyzers;

/// <summary>Follows a sequence back to its origin, to know what its elements are to their consumer.</summary>
internal sealed class SequenceElements(ZcrxTypes types)
{
    // Guards against pathological chains.
    private const int LongestChain = 64;

    /// <summary>Returns what the elements of a sequence are to their consumer.</summary>
    public Ownership OwnershipOf(IOperation sequence) => OwnershipOf(sequence, LongestChain);

    /// <summary>Returns whether a sequence comes from this library, over any number of operators.</summary>
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

    /// <summary>Returns the sequence that an operator is called on, or the value of a local; null at the origin.</summary>
    public IOperation? SourceOf(IOperation sequence) => sequence switch
    {
        IInvocationOperation { Arguments: [var first, ..], TargetMethod.IsExtensionMethod: true } when types.ElementOf(first.Value.Type) is not null => Operations.Unwrap(first.Value),
        IInvocationOperation { Instance: { } instance } when types.ElementOf(instance.Type) is not null => Operations.Unwrap(instance),
        ILocalReferenceOperation local => Operations.OnlyValueOf(local),
        _ => null,
    };

    /// <summary>Returns the type that messages name for the elements of a sequence.</summary>
    public string NameOf(IOperation sequence)
    {
        ITypeSymbol? element = types.ElementOfAny(sequence.Type);
        return (types.BorrowedIn(element) ?? element)?.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat) ?? "element";
    }

    /// <summary>Returns whether a lambda returns memory that is valid as long as its borrowed parameter.</summary>
    public bool ReturnsBorrowedMemory(IOperation selector) =>
        Operations.Lambda(selector) is { } lambda && Operations.SingleResult(lambda) is { } result && IsBorrowedMemory(result);

    private bool IsBorrowedMemory(IOperation value) => value switch
    {
        IPropertyReferenceOperation { Property.Name: "Memory" or "Sequence", Instance: { } instance } => types.IsBorrowed(instance.Type),
        // A part of it.
        IInvocationOperation { TargetMethod.Name: "Slice", Instance: { } instance } => IsBorrowedMemory(Operations.Unwrap(instance)),
        _ => false,
    };

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

        return SourceOf(sequence) is { } source ? OwnershipOf(source, depth - 1) : Ownership.Unknown;
    }

    private Ownership OfCall(IInvocationOperation call, int depth)
    {
        IMethodSymbol method = call.TargetMethod;
        ITypeSymbol? element = types.ElementOf(call.Type);
        if (ZcrxTypes.IsZcrx(method))
        {
            return method.Name switch
            {
                "Frames" when element?.Name == "ReadOnlySequence" => Ownership.Borrowed,
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
