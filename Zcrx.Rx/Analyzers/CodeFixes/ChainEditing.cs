using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Zcrx.Rx.Analyzers;

/// <summary>Edits chains of operators and the using directives that they need.</summary>
internal static class ChainEditing
{
    /// <summary>Returns the member access whose name a diagnostic marks; null when the method is called without a receiver.</summary>
    public static MemberAccessExpressionSyntax? OperatorAt(SyntaxNode root, Location location) =>
        root.FindToken(location.SourceSpan.Start).Parent?.Parent as MemberAccessExpressionSyntax;

    /// <summary>Inserts a call before the operator. The call gets its own line if the operator has one.</summary>
    public static MemberAccessExpressionSyntax InsertBefore(MemberAccessExpressionSyntax access, string call)
    {
        var inserted = (InvocationExpressionSyntax)ParseExpression("x." + call);
        MemberAccessExpressionSyntax target = ((MemberAccessExpressionSyntax)inserted.Expression).WithExpression(access.Expression).WithOperatorToken(access.OperatorToken);
        return access.WithExpression(inserted.WithExpression(target).WithTrailingTrivia(access.Expression.GetTrailingTrivia()));
    }

    /// <summary>
    /// Finds a method that can be called on a value of a type. The method is a member of the type, an extension method in scope, or an
    /// extension method of <paramref name="declaringType"/>.
    /// </summary>
    public static IMethodSymbol? FindMethod(SemanticModel model, int position, ITypeSymbol type, string name, string declaringType) =>
        model.LookupSymbols(position, type, name, includeReducedExtensionMethods: true).OfType<IMethodSymbol>().FirstOrDefault()
        ?? model.Compilation.GetTypeByMetadataName(declaringType)?.GetMembers(name).OfType<IMethodSymbol>()
            .Select(method => method.ReduceExtensionMethod(type)).FirstOrDefault(static method => method is not null);

    /// <summary>Adds a using directive unless the namespace is already in scope at the position.</summary>
    public static SyntaxNode WithUsing(SyntaxNode root, SemanticModel model, int position, string space)
    {
        bool isVisible = model.GetImportScopes(position).SelectMany(static scope => scope.Imports).Any(import => import.NamespaceOrType.ToDisplayString() == space)
            || model.GetEnclosingSymbol(position)?.ContainingNamespace?.ToDisplayString() is { } current && (current == space || current.StartsWith(space + ".", StringComparison.Ordinal));
        return isVisible || root is not CompilationUnitSyntax unit
            ? root
            : unit.AddUsings(UsingDirective(ParseName(space)).NormalizeWhitespace().WithTrailingTrivia(unit.Usings.LastOrDefault()?.GetTrailingTrivia() ?? TriviaList(ElasticCarriageReturnLineFeed)));
    }
}
