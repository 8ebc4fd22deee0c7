using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Represents the compiled sources of one library. They are compiled together with the libraries below.</summary>
internal sealed class Library
{
    /// <summary>The libraries from the bottom to the top. Each one may use those before it.</summary>
    public static readonly string[] Names = ["Zcrx.Interop", "Zcrx.Rx", "Zcrx.Actors"];

    /// <summary>
    /// The compiler errors that are expected, because generated sources are missing here. Examples are a partial method without a body, and
    /// a serializer context without its members.
    /// </summary>
    private static readonly string[] ErrorsOfGeneratedCode = ["CS8795", "CS0165", "CS0170", "CS0534", "CS7036", "CS0117"];

    private static readonly Lazy<IReadOnlyDictionary<string, Library>> All = new(static () => Load(Repository.Path));

    private readonly Lazy<IReadOnlySet<Reference>> _references;

    private Library(string name, CSharpCompilation compilation)
    {
        Name = name;
        Compilation = compilation;
        _references = new Lazy<IReadOnlySet<Reference>>(() => Sources.References.Of(this));
    }

    public string Name { get; }

    public CSharpCompilation Compilation { get; }

    /// <summary>Gets the references between folders. The first call computes them.</summary>
    public IReadOnlySet<Reference> References => _references.Value;

    /// <summary>Returns a library by its name. The first call reads all libraries.</summary>
    public static Library Named(string name) => All.Value[name];

    /// <summary>Creates a library from the texts of its sources.</summary>
    /// <param name="name">The name of the assembly, with which each path must start.</param>
    /// <param name="files">The paths of the sources, such as <c>Zcrx.Rx/Ring/Turn.cs</c>, and their texts.</param>
    /// <param name="below">The libraries that the new one may use.</param>
    public static Library FromText(string name, IEnumerable<(string Path, string Text)> files, params IEnumerable<Library> below) => Bind(name, files, below, friends: Names);

    /// <summary>Returns the unexpected compiler errors. With an error, the graph of folders would lack edges.</summary>
    public IReadOnlyList<Diagnostic> Unbound() =>
        [.. Compilation.GetDiagnostics().Where(static diagnostic => diagnostic.Severity == DiagnosticSeverity.Error && !ErrorsOfGeneratedCode.Contains(diagnostic.Id))];

    private static Dictionary<string, Library> Load(string root)
    {
        Dictionary<string, Library> libraries = [];
        foreach (string name in Names)
        {
            IEnumerable<(string, string)> files = Directory.EnumerateFiles(Path.Combine(root, name), "*.cs", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(root, file))
                .Where(static path => !path.Split(Path.DirectorySeparatorChar).Any(static part => part is "bin" or "obj"))
                // The analyzers are assemblies of their own. No library uses them, and they use none.
                .Where(static path => !path.StartsWith(Path.Combine("Zcrx.Rx", "Analyzers") + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(path => (path, File.ReadAllText(Path.Combine(root, path))));
            string[] friends = [.. Assembly.Load(name).GetCustomAttributes<InternalsVisibleToAttribute>().Select(static attribute => attribute.AssemblyName)];
            libraries.Add(name, Bind(name, files, [.. libraries.Values], friends));
        }

        return libraries;
    }

    private static Library Bind(string name, IEnumerable<(string Path, string Text)> files, IEnumerable<Library> below, string[] friends)
    {
        CSharpParseOptions parsing = CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview);
        string[] implicitUsings = ["System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading", "System.Threading.Tasks"];
        string shared = string.Concat(implicitUsings.Select(static space => $"global using {space};\n"))
            + string.Concat(friends.Select(static friend => $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"{friend}\")]\n"));

        // The references are the assemblies against which the libraries compile. The libraries themselves are compiled from their sources.
        IEnumerable<MetadataReference> platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(static file => !Path.GetFileName(file).StartsWith("Zcrx.", StringComparison.Ordinal))
            .Select(static file => MetadataReference.CreateFromFile(file));

        return new Library(name, CSharpCompilation.Create(
            name,
            [CSharpSyntaxTree.ParseText(shared, parsing), .. files.Select(file => CSharpSyntaxTree.ParseText(file.Text, parsing, file.Path))],
            [.. platform, .. below.Select(static library => library.Compilation.ToMetadataReference())],
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable)));
    }
}
