using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using static Microsoft.CodeAnalysis.CSharp.SyntaxFactory;

namespace Zcrx.Rx.Analyzers;

/// <summary>
/// Turns an async observer into a handler whose task is awaited: <c>Process</c> for buffers and frames, <c>Listen</c> for connections.
/// </summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(AsyncObserverCodeFix))]
[Shared]
public sealed class AsyncObserverCodeFix : CodeFixProvider
{
    private static readonly string[] TokenNames = ["cancellation", "cancellationToken", "processing"];

    /// <inheritdoc />
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Rules.ObserverIsAsyncVoid.Id];

    /// <inheritdoc />
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc />
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        SyntaxNode? root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        SemanticModel? model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (root?.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true) is not LambdaExpressionSyntax { Parent: ArgumentSyntax argument } lambda
                || argument is not { Parent: ArgumentListSyntax { Parent: InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Subscribe" } subscribe } call } }
                || call.ArgumentList.Arguments[0] != argument
                || model?.GetTypeInfo(subscribe.Expression, context.CancellationToken).Type is not { } sequence
                || ZcrxTypes.Of(model.Compilation) is not { } types
                || types.ElementOf(sequence) is not { } element
                || Handler(lambda) is not { } handler)
            {
                continue;
            }

            if (types.IsBorrowed(element) && ChainEditing.FindMethod(model, call.SpanStart, sequence, "Process", "Zcrx.Rx.ZcrxOffloadExtensions") is not null)
            {
                Register(context, diagnostic, "Use 'Process'", root, model, call, Processing(call, subscribe, handler));
            }
            else if (element.Name == "ZcrxConnection" && Listening(call, subscribe, handler, model) is { } listening)
            {
                Register(context, diagnostic, "Use 'Listen' with an asynchronous handler", root, model, call, listening);
            }
        }
    }

    // Subscribe(async x => …) becomes Process(async (x, cancellation) => …).Subscribe().
    private static InvocationExpressionSyntax Processing(InvocationExpressionSyntax call, MemberAccessExpressionSyntax subscribe, ParenthesizedLambdaExpressionSyntax handler)
    {
        SeparatedSyntaxList<ArgumentSyntax> arguments = call.ArgumentList.Arguments;
        ArgumentListSyntax remaining = arguments.Count == 1
            ? ArgumentList()
            : call.ArgumentList.WithArguments(arguments.Replace(arguments[0], Argument(ParseExpression("static _ => { }"))));
        InvocationExpressionSyntax process = InvocationExpression(
            subscribe.WithName(IdentifierName("Process")), ArgumentList(SingletonSeparatedList(Argument(handler)))).WithTrailingTrivia(subscribe.Expression.GetTrailingTrivia());
        return InvocationExpression(subscribe.WithExpression(process), remaining).WithTriviaFrom(call);
    }

    // Listen(endPoint).Subscribe(async x => …) becomes Listen(endPoint, async (x, cancellation) => …).
    private static InvocationExpressionSyntax? Listening(
        InvocationExpressionSyntax call, MemberAccessExpressionSyntax subscribe, ParenthesizedLambdaExpressionSyntax handler, SemanticModel model)
    {
        if (call.ArgumentList.Arguments.Count != 1
            || subscribe.Expression is not InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Listen" } listen, ArgumentList.Arguments: [_] } source
            || model.GetTypeInfo(listen.Expression).Type is not { } listener)
        {
            return null;
        }

        IMethodSymbol? overload = model.LookupSymbols(call.SpanStart, listener, "Listen", includeReducedExtensionMethods: true)
            .OfType<IMethodSymbol>().FirstOrDefault(AsyncListen.IsOverload);
        bool fits = overload is not null && (call.Parent is ExpressionStatementSyntax || overload.ReturnType.Name == "IDisposable" || overload.ReturnType.AllInterfaces.Any(static type => type.Name == "IDisposable"));
        return fits ? source.WithArgumentList(source.ArgumentList.AddArguments(Argument(handler))).WithTriviaFrom(call) : null;
    }

    // Returns the lambda with a cancellation token as its second parameter.
    // Returns null when the lambda does not have exactly one parameter, or when all token names are in use.
    private static ParenthesizedLambdaExpressionSyntax? Handler(LambdaExpressionSyntax lambda)
    {
        SyntaxToken? parameter = lambda switch
        {
            SimpleLambdaExpressionSyntax simple => simple.Parameter.Identifier,
            ParenthesizedLambdaExpressionSyntax { ParameterList.Parameters: [var single] } => single.Identifier,
            _ => null,
        };
        string? token = TokenNames.FirstOrDefault(name => lambda.DescendantTokens().All(used => used.ValueText != name));
        return parameter is { } element && token is not null
            ? ParenthesizedLambdaExpression(lambda.Body)
                .WithParameterList(Parameters(element.WithoutTrivia(), Identifier(token)).WithTrailingTrivia(Space))
                .WithArrowToken(lambda.ArrowToken)
                .WithModifiers(lambda.Modifiers)
            : null;
    }

    // Builds the list from nodes, because the parser would read a parameter name without a type as a type.
    private static ParameterListSyntax Parameters(SyntaxToken first, SyntaxToken second) =>
        ParameterList(SeparatedList([Parameter(first), Parameter(second)], [Token(SyntaxKind.CommaToken).WithTrailingTrivia(Space)]));

    private static void Register(CodeFixContext context, Diagnostic diagnostic, string title, SyntaxNode root, SemanticModel model, SyntaxNode old, SyntaxNode replacement)
    {
        context.RegisterCodeFix(CodeAction.Create(title, Change, title), diagnostic);

        Task<Document> Change(CancellationToken cancellation)
        {
            SyntaxNode changed = ChainEditing.WithUsing(root.ReplaceNode(old, replacement), model, old.SpanStart, "Zcrx.Rx");
            return Task.FromResult(context.Document.WithSyntaxRoot(changed));
        }
    }
}
