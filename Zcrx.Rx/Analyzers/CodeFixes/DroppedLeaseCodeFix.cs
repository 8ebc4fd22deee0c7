using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Formatting;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Zcrx.Rx.Analyzers;

/// <summary>Disposes a lease that is neither disposed nor passed on.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(DroppedLeaseCodeFix))]
[Shared]
public sealed class DroppedLeaseCodeFix : CodeFixProvider
{
    /// <inheritdoc />
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Rules.LeaseIsDropped.Id];

    /// <inheritdoc />
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc />
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        SyntaxNode? root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            switch (root?.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true))
            {
                case VariableDeclaratorSyntax { Parent: VariableDeclarationSyntax { Variables.Count: 1, Parent: LocalDeclarationStatementSyntax { Parent: BlockSyntax or GlobalStatementSyntax } statement } } declarator:
                    Register(context, diagnostic, $"Declare '{declarator.Identifier.ValueText}' with using", root, statement, WithUsing(statement));
                    break;
                case ParameterSyntax { Identifier: var lease } parameter when parameter.FirstAncestorOrSelf<LambdaExpressionSyntax>() is { } lambda:
                    Register(context, diagnostic, $"Dispose '{lease.ValueText}' with using", root, lambda, WithUsing(lambda, lease, EndOfLine(root)));
                    break;
                case InvocationExpressionSyntax call when Statement(call) is { } statement:
                    Register(context, diagnostic, "Dispose the lease", root, statement, Disposed(statement, call));
                    break;
                default:
                    break;
            }
        }
    }

    private static LocalDeclarationStatementSyntax WithUsing(LocalDeclarationStatementSyntax statement) => statement
        .WithoutLeadingTrivia()
        .WithUsingKeyword(Token(SyntaxKind.UsingKeyword).WithTrailingTrivia(Space))
        .WithLeadingTrivia(statement.GetLeadingTrivia());

    private static LambdaExpressionSyntax WithUsing(LambdaExpressionSyntax lambda, SyntaxToken lease, SyntaxTrivia endOfLine)
    {
        BlockSyntax body = lambda.Block?.WithoutTrivia() ?? Block(StatementOf(lambda, lambda.ExpressionBody!.WithoutTrivia()));
        UsingStatementSyntax scope = UsingStatement(declaration: null, IdentifierName(lease.WithoutTrivia()), OnLines(body, endOfLine));
        return lambda.WithBody(OnLines(Block(scope), endOfLine).WithTriviaFrom(lambda.Body)).WithAdditionalAnnotations(Formatter.Annotation);
    }

    // Select needs the value of its lambda, so the expression becomes a return statement. The lambda of Subscribe returns nothing.
    private static StatementSyntax StatementOf(LambdaExpressionSyntax lambda, ExpressionSyntax expression) =>
        lambda.FirstAncestorOrSelf<InvocationExpressionSyntax>()?.Expression is MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Select" }
            ? ReturnStatement(expression.WithLeadingTrivia(Space))
            : ExpressionStatement(expression);

    // Adds line breaks, because the formatter leaves a block without line breaks on one line.
    private static BlockSyntax OnLines(BlockSyntax block, SyntaxTrivia endOfLine) => block
        .WithOpenBraceToken(block.OpenBraceToken.WithTrailingTrivia(WithEndOfLine(block.OpenBraceToken.TrailingTrivia, endOfLine)))
        .WithStatements(List(block.Statements.Select(statement => statement.WithTrailingTrivia(WithEndOfLine(statement.GetTrailingTrivia(), endOfLine)))));

    private static SyntaxTriviaList WithEndOfLine(SyntaxTriviaList trivia, SyntaxTrivia endOfLine) =>
        trivia.Any(SyntaxKind.EndOfLineTrivia) ? trivia : trivia.Add(endOfLine);

    private static SyntaxTrivia EndOfLine(SyntaxNode root) =>
        root.DescendantTrivia().FirstOrDefault(static trivia => trivia.IsKind(SyntaxKind.EndOfLineTrivia)) is { RawKind: not 0 } used ? used : ElasticCarriageReturnLineFeed;

    // Returns the expression that creates and drops the lease: a statement, the body of a lambda, or an assignment to a discard.
    private static ExpressionSyntax? Statement(InvocationExpressionSyntax call)
    {
        ExpressionSyntax expression = call;
        while (expression.Parent is ConditionalAccessExpressionSyntax or ParenthesizedExpressionSyntax)
        {
            expression = (ExpressionSyntax)expression.Parent;
        }

        return expression.Parent switch
        {
            ExpressionStatementSyntax or LambdaExpressionSyntax => expression,
            AssignmentExpressionSyntax { Left: IdentifierNameSyntax { Identifier.ValueText: "_" } } discard => discard,
            _ => null,
        };
    }

    private static ExpressionSyntax Disposed(ExpressionSyntax statement, InvocationExpressionSyntax call)
    {
        ExpressionSyntax value = statement is AssignmentExpressionSyntax discard ? discard.Right : statement;
        InvocationExpressionSyntax disposed = InvocationExpression(MemberAccessExpression(SyntaxKind.SimpleMemberAccessExpression, call.WithoutTrivia(), IdentifierName("Dispose")));
        return (value == call ? disposed : value.ReplaceNode(call, disposed)).WithTriviaFrom(statement);
    }

    private static void Register(CodeFixContext context, Diagnostic diagnostic, string title, SyntaxNode root, SyntaxNode old, SyntaxNode replacement) =>
        context.RegisterCodeFix(
            CodeAction.Create(title, _ => Task.FromResult(context.Document.WithSyntaxRoot(root.ReplaceNode(old, replacement))), title),
            diagnostic);
}
