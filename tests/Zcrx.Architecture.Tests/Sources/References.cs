using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Finds the references between the folders of a library, and those to the libraries below it.</summary>
/// <remarks>
/// <para>A reference is a name, constructor, operator or indexer that the compiler binds to a symbol with sources. The file that declares
/// the symbol determines the folder.</para>
/// <para>Using directives, documentation comments and inferred types (<c>var</c>) do not count. An inferred type needs no edge, because the
/// member that is called refers to the type itself.</para>
/// </remarks>
internal static class References
{
    /// <summary>Returns the references of a library, without duplicates.</summary>
    public static IReadOnlySet<Reference> Of(Library library)
    {
        HashSet<Reference> references = [];
        foreach (SyntaxTree tree in library.Compilation.SyntaxTrees.Where(static tree => tree.FilePath.Length > 0))
        {
            string from = FolderOf(tree);
            SemanticModel model = library.Compilation.GetSemanticModel(tree);
            foreach (SyntaxNode node in tree.GetRoot().DescendantNodes(static node => node is not UsingDirectiveSyntax))
            {
                if (node is ExpressionSyntax or ConstructorInitializerSyntax or AttributeSyntax
                    && model.GetSymbolInfo(node).Symbol is { } symbol && Declared(symbol) is { } used && used.Folder != from)
                {
                    references.Add(new Reference(from, DeclaringTypeOf(node), used.Folder, used.Type));
                }
            }
        }

        return references;
    }

    /// <summary>Returns the folder of a source file. This is its directory, even if it is a subfolder.</summary>
    public static string FolderOf(SyntaxTree tree) => Path.GetDirectoryName(tree.FilePath)!.Replace(Path.DirectorySeparatorChar, '/');

    /// <summary>Returns the folder and the type that declare a symbol, or null if the symbol has no sources.</summary>
    private static (string Folder, string Type)? Declared(ISymbol symbol)
    {
        symbol = symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension : symbol.OriginalDefinition;
        if (symbol is not (INamedTypeSymbol or IMethodSymbol or IPropertySymbol or IFieldSymbol or IEventSymbol))
        {
            return null;
        }

        // A symbol that the compiler adds, such as the constructor of a record, has no declaration. The symbol that contains it has one.
        ISymbol? declared = symbol;
        while (declared is not null and not INamespaceSymbol && declared.DeclaringSyntaxReferences.IsEmpty)
        {
            declared = declared.ContainingSymbol;
        }

        return declared is null or INamespaceSymbol ? null : (declared.DeclaringSyntaxReferences.Select(static reference => FolderOf(reference.SyntaxTree)).Order(StringComparer.Ordinal).First(), NameOf(symbol));
    }

    private static string NameOf(ISymbol symbol)
    {
        INamedTypeSymbol? type = symbol as INamedTypeSymbol ?? symbol.ContainingType;
        while (type?.ContainingType is { } outer)
        {
            type = outer;
        }

        return type?.Name ?? symbol.Name;
    }

    private static string DeclaringTypeOf(SyntaxNode node) => node.Ancestors().LastOrDefault(static ancestor => ancestor is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax) switch
    {
        BaseTypeDeclarationSyntax type => type.Identifier.Text,
        DelegateDeclarationSyntax type => type.Identifier.Text,
        _ => "(file)",
    };
}
