using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace Zcrx.Rx.Analyzers;

/// <summary>Reads operations, without the conversions that the compiler wraps around them.</summary>
internal static class Operations
{
    /// <summary>Returns the operation inside conversions and parentheses.</summary>
    public static IOperation Unwrap(IOperation operation)
    {
        while (true)
        {
            switch (operation)
            {
                case IConversionOperation conversion:
                    operation = conversion.Operand;
                    break;
                case IParenthesizedOperation parenthesized:
                    operation = parenthesized.Operand;
                    break;
                default:
                    return operation;
            }
        }
    }

    /// <summary>Returns the lambda or the method from which an operation creates a delegate; otherwise null.</summary>
    public static IMethodSymbol? DelegateTarget(IOperation operation) => Unwrap(operation) is IDelegateCreationOperation creation
        ? creation.Target switch
        {
            IAnonymousFunctionOperation lambda => lambda.Symbol,
            IMethodReferenceOperation method => method.Method,
            _ => null,
        }
        : null;

    /// <summary>Returns the lambda from which an operation creates a delegate; otherwise null.</summary>
    public static IAnonymousFunctionOperation? Lambda(IOperation operation) =>
        Unwrap(operation) is IDelegateCreationOperation { Target: IAnonymousFunctionOperation lambda } ? lambda : null;

    /// <summary>Returns the values that a lambda returns.</summary>
    public static IEnumerable<IOperation> Results(IAnonymousFunctionOperation lambda) => ResultsBelow(lambda.Body);

    /// <summary>Returns the argument for a parameter of this name.</summary>
    public static IOperation? Argument(IInvocationOperation call, string parameter) =>
        call.Arguments.FirstOrDefault(argument => argument.Parameter?.Name == parameter)?.Value;

    /// <summary>Returns the initial value of a local; null when the local has none, or is assigned again.</summary>
    public static IOperation? OnlyValueOf(ILocalReferenceOperation reference)
    {
        IOperation root = Root(reference);
        IOperation? value = null;
        foreach (IOperation operation in root.Descendants())
        {
            switch (operation)
            {
                case IVariableDeclaratorOperation declarator when Same(declarator.Symbol, reference.Local):
                    value = declarator.GetVariableInitializer()?.Value;
                    break;
                case IAssignmentOperation { Target: ILocalReferenceOperation target } when Same(target.Local, reference.Local):
                case IArgumentOperation { Parameter.RefKind: RefKind.Ref or RefKind.Out, Value: ILocalReferenceOperation passed } when Same(passed.Local, reference.Local):
                    return null;
                default:
                    break;
            }
        }

        return value is null ? null : Unwrap(value);
    }

    /// <summary>Returns all references to a local or a parameter below an operation.</summary>
    public static IEnumerable<IOperation> ReferencesTo(ISymbol symbol, IOperation below) => below.Descendants().Where(operation => operation switch
    {
        ILocalReferenceOperation local => Same(local.Local, symbol),
        IParameterReferenceOperation parameter => Same(parameter.Parameter, symbol),
        _ => false,
    });

    /// <summary>Returns the call that receives the lambda with this parameter; null if the lambda is not passed to a call.</summary>
    public static IInvocationOperation? CallThatTakes(IParameterReferenceOperation reference)
    {
        IOperation? operation = reference;
        while (operation is not null && !(operation is IAnonymousFunctionOperation lambda && Same(lambda.Symbol, reference.Parameter.ContainingSymbol)))
        {
            operation = operation.Parent;
        }

        while (operation is IAnonymousFunctionOperation or IDelegateCreationOperation or IConversionOperation or IArgumentOperation)
        {
            operation = operation.Parent;
        }

        return operation as IInvocationOperation;
    }

    /// <summary>Returns the operation that contains the whole body of the member.</summary>
    public static IOperation Root(IOperation operation)
    {
        while (operation.Parent is { } parent)
        {
            operation = parent;
        }

        return operation;
    }

    /// <summary>Returns the location of the called method's name.</summary>
    public static Location NameLocation(IInvocationOperation call) => call.Syntax switch
    {
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax member } => member.Name.Identifier.GetLocation(),
        InvocationExpressionSyntax { Expression: MemberBindingExpressionSyntax member } => member.Name.Identifier.GetLocation(),
        InvocationExpressionSyntax { Expression: var expression } => expression.GetLocation(),
        var syntax => syntax.GetLocation(),
    };

    private static IEnumerable<IOperation> ResultsBelow(IOperation operation) => operation switch
    {
        // The return statements of nested functions are not results of this lambda.
        IAnonymousFunctionOperation or ILocalFunctionOperation => [],
        IReturnOperation { ReturnedValue: { } value } => [Unwrap(value)],
        _ => operation.ChildOperations.SelectMany(ResultsBelow),
    };

    private static bool Same(ISymbol left, ISymbol right) => SymbolEqualityComparer.Default.Equals(left, right);
}
