using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Represents the size of one type.</summary>
/// <param name="Name">The name of the type with its folder.</param>
/// <param name="Lines">The number of lines in all partial files, including nested types and documentation.</param>
/// <param name="Fields">The number of fields, automatic properties and parameters of the primary constructor. Constants are not
/// counted.</param>
/// <param name="Files">The number of files that declare the type.</param>
internal sealed record ClassSize(string Name, int Lines, int Fields, int Files)
{
    /// <summary>
    /// Returns the sizes of the types of a library, largest first. Excludes types of the kernel ABI and of log messages, which are long but
    /// simple lists.
    /// </summary>
    public static IReadOnlyList<ClassSize> Of(Library library)
    {
        IEnumerable<(string Key, TypeDeclarationSyntax Declaration, SyntaxTree Tree)> declarations =
            from tree in library.Compilation.SyntaxTrees
            where tree.FilePath.Length > 0 && !References.FolderOf(tree).EndsWith("/Abi", StringComparison.Ordinal)
            let model = library.Compilation.GetSemanticModel(tree)
            from declaration in tree.GetRoot().DescendantNodes(static node => node is not TypeDeclarationSyntax).OfType<TypeDeclarationSyntax>()
            select (model.GetDeclaredSymbol(declaration)!.ToDisplayString(), declaration, tree);

        return [.. declarations
            .GroupBy(static part => part.Key)
            .Where(static type => !type.Any(static part => IsListOfMessages(part.Declaration)))
            .Select(static type => new ClassSize(
                $"{References.FolderOf(type.First().Tree)}/{type.First().Declaration.Identifier.Text}",
                type.Sum(static part => LinesOf(part.Declaration)),
                type.Sum(static part => FieldsOf(part.Declaration)),
                type.Select(static part => part.Tree.FilePath).Distinct().Count()))
            .OrderByDescending(static size => size.Lines)
            .ThenBy(static size => size.Name, StringComparer.Ordinal)];
    }

    public override string ToString() => $"{Lines,6} lines {Fields,4} fields {Files,3} files  {Name}";

    private static bool IsListOfMessages(TypeDeclarationSyntax declaration) => declaration.Members.OfType<MethodDeclarationSyntax>()
        .Any(static method => method.AttributeLists.SelectMany(static list => list.Attributes).Any(static attribute => attribute.Name.ToString() is "LoggerMessage"));

    private static int LinesOf(TypeDeclarationSyntax declaration)
    {
        // Span does not include the documentation above the type, so its lines are counted separately.
        FileLinePositionSpan lines = declaration.SyntaxTree.GetLineSpan(declaration.Span);
        int documentation = declaration.GetLeadingTrivia().Where(static trivia => trivia.IsKind(SyntaxKind.SingleLineDocumentationCommentTrivia)).Sum(static trivia => trivia.ToFullString().Count(static c => c == '\n'));
        return lines.EndLinePosition.Line - lines.StartLinePosition.Line + 1 + documentation;
    }

    private static int FieldsOf(TypeDeclarationSyntax declaration)
    {
        int fields = declaration.Members.OfType<FieldDeclarationSyntax>().Where(static field => !field.Modifiers.Any(SyntaxKind.ConstKeyword)).Sum(static field => field.Declaration.Variables.Count);
        int properties = declaration is InterfaceDeclarationSyntax ? 0 : declaration.Members.OfType<PropertyDeclarationSyntax>()
            .Count(static property => property.AccessorList?.Accessors.Any(static accessor => accessor.Body is null && accessor.ExpressionBody is null) is true);
        return fields + properties + (declaration.ParameterList?.Parameters.Count ?? 0);
    }
}
