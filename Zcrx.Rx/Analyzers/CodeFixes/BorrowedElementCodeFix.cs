using System.Collections.Immutable;
using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Zcrx.Rx.Analyzers;

/// <summary>
/// Inserts a call that retains, moves, offloads or copies borrowed elements before an operator that would keep them.
/// </summary>
[ExportCodeFixProvider(LanguageNames.CSharp, Name = nameof(BorrowedElementCodeFix))]
[Shared]
public sealed class BorrowedElementCodeFix : CodeFixProvider
{
    /// <inheritdoc />
    public override ImmutableArray<string> FixableDiagnosticIds { get; } = [Rules.BorrowedElementIsKept.Id];

    /// <inheritdoc />
    public override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc />
    public override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        SyntaxNode? root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        SemanticModel? model = await context.Document.GetSemanticModelAsync(context.CancellationToken).ConfigureAwait(false);
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (root is null
                || model is null
                || !diagnostic.Properties.TryGetValue(BorrowedElementAnalyzer.Remedy, out string? remedy)
                || ChainEditing.OperatorAt(root, diagnostic.Location) is not { } access
                || model.GetTypeInfo(access.Expression, context.CancellationToken).Type is not { } sequence
                || ZcrxTypes.Of(model.Compilation)?.ElementOf(sequence) is not { } element)
            {
                continue;
            }

            string name = access.Name.Identifier.ValueText;
            if (remedy == BorrowedElementAnalyzer.Move)
            {
                Register(context, diagnostic, $"Move each lease before '{name}'", root, model, access, ChainEditing.InsertBefore(access, "Select(lease => lease.Move())"), "System.Reactive.Linq");
            }

            if (remedy == BorrowedElementAnalyzer.Retain)
            {
                RegisterLease(context, diagnostic, root, model, access, sequence, element);
            }

            if (remedy != BorrowedElementAnalyzer.Move && CopyOf(element) is { } copy)
            {
                Register(context, diagnostic, $"Copy the bytes before '{name}'", root, model, access, ChainEditing.InsertBefore(access, $"Select({copy})"), "System.Reactive.Linq", "System.Buffers");
            }
        }
    }

    private static void RegisterLease(
        CodeFixContext context, Diagnostic diagnostic, SyntaxNode root, SemanticModel model, MemberAccessExpressionSyntax access, ITypeSymbol sequence, ITypeSymbol element)
    {
        const string Library = "Zcrx.Rx";
        string name = access.Name.Identifier.ValueText;
        int position = access.SpanStart;
        if (name == "ObserveOn" && TakesScheduler(access, model) && ChainEditing.FindMethod(model, position, sequence, "Offload", "Zcrx.Rx.ZcrxOffloadExtensions") is not null)
        {
            Register(context, diagnostic, "Use 'Offload'", root, model, access, access.WithName(SyntaxFactory.IdentifierName("Offload").WithTriviaFrom(access.Name)), Library);
        }
        else if (ChainEditing.FindMethod(model, position, sequence, "Retained", "Zcrx.Rx.ZcrxLeaseExtensions") is not null)
        {
            Register(context, diagnostic, $"Retain each {element.Name} before '{name}'", root, model, access, ChainEditing.InsertBefore(access, "Retained()"), Library);
        }
    }

    private static bool TakesScheduler(MemberAccessExpressionSyntax access, SemanticModel model) =>
        access.Parent is InvocationExpressionSyntax { ArgumentList.Arguments: [{ Expression: var argument }] }
        && model.GetTypeInfo(argument).Type is { } type
        && (type.Name == "IScheduler" || type.AllInterfaces.Any(static one => one.Name == "IScheduler"));

    // Returns the source text of a lambda that copies an element; null for other element types.
    private static string? CopyOf(ITypeSymbol element) => element.Name switch
    {
        "ReceivedBuffer" => "static buffer => buffer.Span.ToArray()",
        "ReceivedFrame" => "static frame => frame.Sequence.ToArray()",
        "ReadOnlySequence" => "static frame => frame.ToArray()",
        "ReadOnlyMemory" => "static memory => memory.ToArray()",
        _ => null,
    };

    private static void Register(
        CodeFixContext context, Diagnostic diagnostic, string title, SyntaxNode root, SemanticModel model, SyntaxNode old, SyntaxNode replacement, params string[] namespaces)
    {
        context.RegisterCodeFix(CodeAction.Create(title, Change, title), diagnostic);

        Task<Document> Change(CancellationToken cancellation)
        {
            SyntaxNode changed = root.ReplaceNode(old, replacement);
            // Only the lambdas that copy frames need System.Buffers: it declares ToArray of ReadOnlySequence<byte>.
            foreach (string space in namespaces.Where(space => space != "System.Buffers" || replacement.ToString().Contains("frame => frame")))
            {
                changed = ChainEditing.WithUsing(changed, model, old.SpanStart, space);
            }

            return Task.FromResult(context.Document.WithSyntaxRoot(changed));
        }
    }
}
