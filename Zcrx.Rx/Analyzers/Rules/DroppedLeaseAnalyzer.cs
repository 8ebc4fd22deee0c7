using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Zcrx.Rx.Analyzers;

/// <summary>Reports leases that are certainly neither disposed nor passed on.</summary>
/// <remarks>
/// The analysis is local to a member. A lease is not reported if its reference is passed on, even to an expression
/// that the analysis does not know.
/// </remarks>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class DroppedLeaseAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc />
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.LeaseIsDropped];

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
            start.RegisterOperationAction(operation => AnalyzeCreation(operation, types), OperationKind.Invocation);
            start.RegisterOperationAction(operation => AnalyzeDeclaration(operation, types), OperationKind.VariableDeclarator);
            start.RegisterOperationAction(operation => AnalyzeObserver(operation, types, elements), OperationKind.Invocation);
            start.RegisterOperationAction(operation => AnalyzeOperator(operation, elements), OperationKind.Invocation);
        });
    }

    // Checks calls of buffer.Retain() and lease.Move() whose result is discarded or assigned to a local.
    private static void AnalyzeCreation(OperationAnalysisContext context, ZcrxTypes types)
    {
        var call = (IInvocationOperation)context.Operation;
        if (!IsCreation(call, types))
        {
            return;
        }

        string created = $"The lease that '{call.TargetMethod.Name}' returns";
        switch (Outermost(call).Parent)
        {
            case IExpressionStatementOperation:
            case ISimpleAssignmentOperation { Target: IDiscardOperation, Parent: IExpressionStatementOperation }:
                context.ReportDiagnostic(Diagnostic.Create(Rules.LeaseIsDropped, call.Syntax.GetLocation(), created, "Dispose it, or do not create it"));
                break;
            case ISimpleAssignmentOperation { Target: ILocalReferenceOperation target, Parent: IExpressionStatementOperation } when !Leaves(target.Local, target, types):
                context.ReportDiagnostic(Diagnostic.Create(Rules.LeaseIsDropped, call.Syntax.GetLocation(), created, "Dispose it, or pass it on"));
                break;
            default:
                break;
        }
    }

    // Checks BufferLease lease = buffer.Retain(). This action runs on the declarator, because the report marks the declared
    // name. Roslyn treats a report outside the syntax of its operation as non-local: editors show it only after a full analysis,
    // and offer no code fix for it.
    private static void AnalyzeDeclaration(OperationAnalysisContext context, ZcrxTypes types)
    {
        var declarator = (IVariableDeclaratorOperation)context.Operation;
        if (Innermost(declarator.Initializer?.Value) is IInvocationOperation call && IsCreation(call, types) && !IsUsing(declarator) && !Leaves(declarator.Symbol, declarator, types))
        {
            context.ReportDiagnostic(Diagnostic.Create(
                Rules.LeaseIsDropped, declarator.Symbol.Locations[0], $"The lease '{declarator.Symbol.Name}'", "Declare it with using, or pass it on"));
        }
    }

    // Checks lambdas that own the lease that they receive: Retained().Subscribe(lease => …) and Retained().Select(lease => …).
    private static void AnalyzeObserver(OperationAnalysisContext context, ZcrxTypes types, SequenceElements elements)
    {
        var call = (IInvocationOperation)context.Operation;
        string? parameter = call.TargetMethod.Name switch { "Subscribe" => "onNext", "Select" => "selector", _ => null };
        if (parameter is null
            || !ReactiveOperators.IsGeneral(call.TargetMethod)
            || Operations.Argument(call, parameter) is not { } argument
            || Operations.Lambda(argument) is not { Symbol.Parameters: [var lease, ..] } lambda
            || elements.SourceOf(call) is not { } source
            || elements.OwnershipOf(source) != Ownership.Owned
            // A lambda that throws is not reported, because Retained() then releases the lease.
            || lambda.Body.Descendants().Any(static operation => operation is IThrowOperation)
            || Operations.ReferencesTo(lease, lambda.Body).Any(reference => IsLeaving(reference, types)))
        {
            return;
        }

        context.ReportDiagnostic(Diagnostic.Create(
            Rules.LeaseIsDropped, lease.Locations[0], $"The lease '{lease.Name}' that Retained() passes to {(parameter == "onNext" ? "its observer" : "'Select'")}", "Dispose it with using, or pass it on"));
    }

    // Checks operators that drop an element without disposing its lease, such as Sample in Retained().Sample(…).
    private static void AnalyzeOperator(OperationAnalysisContext context, SequenceElements elements)
    {
        var call = (IInvocationOperation)context.Operation;
        if (IsDropping(call) && elements.SourceOf(call) is { } source && elements.OwnershipOf(source) == Ownership.Owned)
        {
            context.ReportDiagnostic(Diagnostic.Create(
                Rules.LeaseIsDropped,
                Operations.NameLocation(call),
                $"A lease that '{call.TargetMethod.Name}' does not pass to its observer",
                $"Put '{call.TargetMethod.Name}' before Retained(), or copy the bytes instead of leasing them"));
        }
    }

    private static bool IsDropping(IInvocationOperation call) =>
        (ReactiveOperators.KeptBy(call) & KeptParts.Drops) != KeptParts.None
        || (ReactiveOperators.IsGeneral(call.TargetMethod) && call.TargetMethod.Name is "Skip" or "SkipUntil" or "IgnoreElements" or "Count");

    private static bool IsCreation(IInvocationOperation call, ZcrxTypes types) =>
        types.IsLease(call.Type)
        && call.TargetMethod is { Name: "Retain" or "Move", ContainingType: var type }
        && (types.IsBorrowed(type) || types.IsLease(type));

    // Returns a call together with the conversions and parentheses around it. For lease?.Move(), returns the conditional access.
    private static IOperation Outermost(IOperation operation)
    {
        while (operation.Parent is IConversionOperation or IParenthesizedOperation or IConditionalAccessOperation)
        {
            if (operation.Parent is IConditionalAccessOperation access && access.WhenNotNull != operation)
            {
                break;
            }

            operation = operation.Parent;
        }

        return operation;
    }

    private static IOperation? Innermost(IOperation? operation)
    {
        while (operation is not null && Operations.Unwrap(operation) is IConditionalAccessOperation access)
        {
            operation = access.WhenNotNull;
        }

        return operation is null ? null : Operations.Unwrap(operation);
    }

    private static bool IsUsing(IVariableDeclaratorOperation declarator)
    {
        IOperation? declaration = declarator.Parent;
        while (declaration is IVariableDeclarationOperation or IVariableDeclarationGroupOperation)
        {
            declaration = declaration.Parent;
        }

        return declaration is IUsingDeclarationOperation or IUsingOperation;
    }

    private static bool Leaves(ILocalSymbol local, IOperation operation, ZcrxTypes types) =>
        local.IsRef || Operations.ReferencesTo(local, Operations.Root(operation)).Any(reference => IsLeaving(reference, types));

    // Determines whether a reference may dispose the lease or pass it on.
    private static bool IsLeaving(IOperation reference, ZcrxTypes types) => reference.Parent switch
    {
        // Reading a property, such as lease.Memory or lease.Length, does not pass the lease on.
        IPropertyReferenceOperation property => property.Instance != reference,
        // lease.Retain() creates another lease. The first lease must still be disposed.
        IInvocationOperation call => call.Instance != reference || call.TargetMethod.Name != "Retain" || !types.IsLease(call.TargetMethod.ContainingType),
        // Assigning to the local, as in lease = buffer.Retain(), does not dispose the lease.
        ISimpleAssignmentOperation { Parent: IExpressionStatementOperation } assignment => assignment.Target != reference,
        _ => true,
    };
}
