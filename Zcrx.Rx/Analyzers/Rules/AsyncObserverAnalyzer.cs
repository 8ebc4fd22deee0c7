using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Zcrx.Rx.Analyzers;

/// <summary>Reports async lambdas and methods that become observers of a sequence of this library.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class AsyncObserverAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc />
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.ObserverIsAsyncVoid];

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
            start.RegisterSymbolAction(symbol => AnalyzeMethod(symbol, types), SymbolKind.Method);
        });
    }

    private static void AnalyzeCall(OperationAnalysisContext context, ZcrxTypes types, SequenceElements elements)
    {
        var call = (IInvocationOperation)context.Operation;
        if (!ReactiveOperators.IsGeneral(call.TargetMethod))
        {
            return;
        }

        foreach (IArgumentOperation argument in call.Arguments)
        {
            if (Operations.DelegateTarget(argument.Value) is not { IsAsync: true, ReturnsVoid: true } target || ElementOf(call, types, elements) is not { } element)
            {
                continue;
            }

            string what = target.MethodKind == MethodKind.AnonymousFunction ? "The async lambda" : $"The method '{target.Name}'";
            context.ReportDiagnostic(Diagnostic.Create(
                Rules.ObserverIsAsyncVoid, argument.Value.Syntax.GetLocation(), $"{what} that is passed to '{call.TargetMethod.Name}'", Advice(element, types)));
        }
    }

    // Checks OnNext of a class that implements IObserver<T>.
    private static void AnalyzeMethod(SymbolAnalysisContext context, ZcrxTypes types)
    {
        if (context.Symbol is not IMethodSymbol { IsAsync: true, ReturnsVoid: true, Name: "OnNext", Parameters: [var parameter] } method || !ZcrxTypes.IsOfZcrx(parameter.Type))
        {
            return;
        }

        bool observes = method.ContainingType.AllInterfaces.Any(type =>
            type is { Name: "IObserver", TypeArguments: [var element] } && SymbolEqualityComparer.Default.Equals(element, parameter.Type));
        if (observes)
        {
            context.ReportDiagnostic(Diagnostic.Create(
                Rules.ObserverIsAsyncVoid, method.Locations.FirstOrDefault(), $"The method '{method.ContainingType.Name}.OnNext'", Advice(parameter.Type, types)));
        }
    }

    // Returns the element type of the observed sequence; null when the sequence does not come from this library.
    private static ITypeSymbol? ElementOf(IInvocationOperation call, ZcrxTypes types, SequenceElements elements)
    {
        if (call.TargetMethod is { Name: "Create", ContainingType.Name: "Observer", TypeArguments: [var observed] })
        {
            return ZcrxTypes.IsOfZcrx(observed) ? observed : null;
        }

        IOperation? source = elements.SourceOf(call);
        return source is not null && elements.IsOfZcrx(source) ? types.ElementOf(source.Type) : null;
    }

    private static string Advice(ITypeSymbol element, ZcrxTypes types)
    {
        if (types.IsBorrowed(element))
        {
            return "Use Process(async (lease, cancellation) => …)";
        }

        return element.Name == "ZcrxConnection"
            ? "Use Listen(endPoint, async (connection, cancellation) => …)"
            : "Use Select(value => Observable.FromAsync(cancellation => …)).Concat()";
    }
}
