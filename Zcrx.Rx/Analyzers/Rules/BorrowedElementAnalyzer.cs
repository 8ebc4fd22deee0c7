using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Zcrx.Rx.Analyzers;

/// <summary>Reports a borrowed buffer or frame that is kept beyond <c>OnNext</c>, or passed to another thread.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class BorrowedElementAnalyzer : DiagnosticAnalyzer
{
    /// <summary>The key of the diagnostic property that names the code fix to offer.</summary>
    internal const string Remedy = "Remedy";

    /// <summary>The value of <see cref="Remedy"/> that offers to retain the elements before the operator.</summary>
    internal const string Retain = "Retain";

    /// <summary>The value of <see cref="Remedy"/> that offers to copy the elements before the operator.</summary>
    internal const string Copy = "Copy";

    /// <summary>The value of <see cref="Remedy"/> that offers to move the leases before the operator.</summary>
    internal const string Move = "Move";

    private static readonly ImmutableHashSet<string> KeepingSubjects = ["ReplaySubject", "BehaviorSubject", "AsyncSubject"];

    /// <inheritdoc />
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.BorrowedElementIsKept];

    /// <inheritdoc />
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            if (ZcrxTypes.Of(start.Compilation) is not { } types)
            {
                return;
            }

            SequenceElements elements = new(types);
            start.RegisterOperationAction(operation => AnalyzeCall(operation, types, elements), OperationKind.Invocation);
            start.RegisterOperationAction(operation => AnalyzeAwait(operation, types, elements), OperationKind.Await);
            start.RegisterOperationAction(operation => AnalyzeCreation(operation, types), OperationKind.ObjectCreation);
        });
    }

    private static void AnalyzeCall(OperationAnalysisContext context, ZcrxTypes types, SequenceElements elements)
    {
        var call = (IInvocationOperation)context.Operation;
        IMethodSymbol method = call.TargetMethod;
        Location location = Operations.NameLocation(call);
        if (KeepsTypeArgument(method) && types.BorrowedIn(method.TypeArguments.FirstOrDefault()) is { } queued)
        {
            Report(context, location, method.Name, $"a borrowed {queued.Name}", "Put leases or copies into it");
            return;
        }

        KeptParts kept = ReactiveOperators.KeptBy(call);
        foreach (IArgumentOperation argument in call.Arguments.Where(argument => types.ElementOfAny(argument.Value.Type) is not null))
        {
            bool isSource = argument.Parameter?.Ordinal == 0;
            if ((kept & (isSource ? KeptParts.Source : KeptParts.Others)) != KeptParts.None && !(isSource && IsKeptBefore(argument.Value, elements)))
            {
                if (ReportKept(context, location, method.Name, argument.Value, kept, isSource, types, elements))
                {
                    return;
                }
            }
        }

        AnalyzeSelectors(context, call, location, types, elements);
    }

    // Checks whether an operator keeps borrowed memory that a selector or accumulator returns, such as the keys of GroupBy.
    private static void AnalyzeSelectors(OperationAnalysisContext context, IInvocationOperation call, Location location, ZcrxTypes types, SequenceElements elements)
    {
        IMethodSymbol method = call.TargetMethod;
        foreach (ITypeParameterSymbol parameter in method.OriginalDefinition.TypeParameters.Where(parameter => ReactiveOperators.KeepsValuesOf(method, parameter)))
        {
            string? selector = parameter.Name switch { "TKey" => "keySelector", "TElement" => "elementSelector", _ => null };
            ITypeSymbol? borrowed = types.BorrowedIn(method.TypeArguments[parameter.Ordinal]);
            bool isMemory = selector is not null && Operations.Argument(call, selector) is { } value && elements.ReturnsBorrowedMemory(value);
            if (borrowed is not null || isMemory)
            {
                string what = borrowed is null ? "borrowed memory" : $"a borrowed {borrowed.Name}";
                Report(context, location, method.Name, what, selector is null ? "Copy what it keeps of the bytes" : $"Copy the bytes in {selector}");
                return;
            }
        }
    }

    private static void AnalyzeAwait(OperationAnalysisContext context, ZcrxTypes types, SequenceElements elements)
    {
        IOperation operand = ((IAwaitOperation)context.Operation).Operation;
        if (types.ElementOf(operand.Type) is not null && !IsKeptBefore(operand, elements))
        {
            ReportKept(context, context.Operation.Syntax.GetFirstToken().GetLocation(), "await", operand, KeptParts.Source | KeptParts.Drops, false, types, elements);
        }
    }

    private static void AnalyzeCreation(OperationAnalysisContext context, ZcrxTypes types)
    {
        if (context.Operation.Type is INamedTypeSymbol { TypeArguments: [var element] } type
            && KeepingSubjects.Contains(type.Name)
            && type.ContainingNamespace.ToDisplayString() == "System.Reactive.Subjects"
            && types.BorrowedIn(element) is { } borrowed)
        {
            Report(context, context.Operation.Syntax.GetLocation(), type.Name, $"a borrowed {borrowed.Name}", "Use Subject<T>, or publish leases or copies");
        }
    }

    private static bool ReportKept(
        OperationAnalysisContext context, Location location, string name, IOperation sequence, KeptParts kept, bool canFix, ZcrxTypes types, SequenceElements elements)
    {
        string element = elements.NameOf(sequence);
        switch (elements.OwnershipOf(sequence))
        {
            case Ownership.Lent:
                context.ReportDiagnostic(Diagnostic.Create(
                    Rules.BorrowedElementIsKept, location, Remedies(canFix && (kept & KeptParts.Drops) == KeptParts.None ? Move : null),
                    name, $"a lent {element}", "when it is released", "Put Select(lease => lease.Move()) before it, and dispose the leases"));
                return true;
            case Ownership.Borrowed:
                bool retainable = types.IsBorrowed(types.ElementOf(sequence.Type)) && (kept & KeptParts.Drops) == KeptParts.None;
                Report(context, location, name, $"a borrowed {element}", Advice(name, retainable), canFix ? retainable ? Retain : Copy : null);
                return true;
            default:
                return false;
        }
    }

    private static string Advice(string name, bool retainable) => (name, retainable) switch
    {
        ("ObserveOn", true) => "Use Offload or Process instead",
        ("ToAsyncEnumerable" or "ToEnumerable", true) => "Use ToAsyncEnumerable of Zcrx.Rx instead",
        (_, true) => "Put Retained() before it and dispose the leases, or use Offload or Process",
        _ => "Copy the bytes before it",
    };

    private static void Report(OperationAnalysisContext context, Location location, string name, string what, string advice, string? remedy = null) =>
        context.ReportDiagnostic(Diagnostic.Create(Rules.BorrowedElementIsKept, location, Remedies(remedy), name, what, "when its memory is reused", advice));

    private static ImmutableDictionary<string, string?> Remedies(string? remedy) =>
        remedy is null ? ImmutableDictionary<string, string?>.Empty : ImmutableDictionary<string, string?>.Empty.Add(Remedy, remedy);

    // The first operator that keeps the elements is reported. Later operators are part of the same mistake.
    private static bool IsKeptBefore(IOperation sequence, SequenceElements elements)
    {
        IOperation? current = Operations.Unwrap(sequence);
        while (current is not null)
        {
            if (current is IInvocationOperation call && (ReactiveOperators.KeptBy(call) & KeptParts.Source) != KeptParts.None)
            {
                return true;
            }

            current = elements.SourceOf(current);
        }

        return false;
    }

    private static bool KeepsTypeArgument(IMethodSymbol method) => (method.ContainingType?.ToDisplayString(), method.Name) switch
    {
        ("System.Threading.Channels.Channel", _) => true,
        ("System.Reactive.Observer", "NotifyOn") => true,
        _ => false,
    };
}
