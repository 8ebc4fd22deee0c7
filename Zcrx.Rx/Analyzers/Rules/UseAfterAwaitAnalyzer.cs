using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;

namespace Zcrx.Rx.Analyzers;

/// <summary>Reports parameters that are borrowed buffers or frames and are used after an <c>await</c>.</summary>
/// <remarks>A use is reported when an earlier statement of the same block, or of an enclosing block, awaits unconditionally.</remarks>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class UseAfterAwaitAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc />
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } = [Rules.BorrowedElementIsUsedAfterAwait];

    /// <inheritdoc />
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            if (ZcrxTypes.Of(start.Compilation) is { } types)
            {
                start.RegisterOperationAction(operation => Analyze(operation, types), OperationKind.ParameterReference);
            }
        });
    }

    private static void Analyze(OperationAnalysisContext context, ZcrxTypes types)
    {
        var reference = (IParameterReferenceOperation)context.Operation;
        if (types.IsBorrowed(reference.Type) && reference.Parameter.ContainingSymbol is IMethodSymbol { IsAsync: true } && IsAfterAwait(reference))
        {
            context.ReportDiagnostic(Diagnostic.Create(
                Rules.BorrowedElementIsUsedAfterAwait, reference.Syntax.GetLocation(), reference.Parameter.Name, reference.Type!.Name));
        }
    }

    private static bool IsAfterAwait(IOperation use)
    {
        for (IOperation statement = use; statement.Parent is { } parent; statement = parent)
        {
            if (parent is IBlockOperation block && block.Operations.TakeWhile(earlier => earlier != statement).Any(Awaits))
            {
                return true;
            }

            // A nested function runs at another time and has its own parameters.
            if (parent is IAnonymousFunctionOperation or ILocalFunctionOperation)
            {
                return false;
            }
        }

        return false;
    }

    // Determines whether a statement awaits on every path through it.
    private static bool Awaits(IOperation statement) => statement switch
    {
        IAwaitOperation => true,
        IExpressionStatementOperation or IVariableDeclarationGroupOperation or IVariableDeclarationOperation or IVariableDeclaratorOperation or IVariableInitializerOperation
            or ISimpleAssignmentOperation or IInvocationOperation or IArgumentOperation or IConversionOperation or IParenthesizedOperation => statement.ChildOperations.Any(Awaits),
        _ => false,
    };
}
