using Zcrx.Packages.Tests.Support;

namespace Zcrx.Packages.Tests.Samples;

/// <summary>Provides the samples of all documents. Creates projects that contain samples and reference only the packages.</summary>
internal static class SampleSuite
{
    /// <summary>The subdirectory of <c>Programs</c> with the sources that fragments need.</summary>
    public const string Fragments = "Samples";

    /// <summary>The subdirectory of <c>Programs</c> with the sources that whole programs need.</summary>
    public const string Programs = "SamplePrograms";

    /// <summary>
    /// Gets the samples of the repository's README.md, of the README files of the packages, and of the documents in <c>docs</c>.
    /// </summary>
    public static IReadOnlyList<DocumentSample> All { get; } = [.. Documents().SelectMany(static file => DocumentSample.Of(NameOf(file), File.ReadAllText(file)))];

    /// <summary>Gets the programs that documents develop in several stages.</summary>
    public static IReadOnlyList<ProgramStage> Stages { get; } = [.. Documents().SelectMany(static file => ProgramStage.Of(NameOf(file), File.ReadAllText(file)))];

    /// <summary>Creates a project that contains the given samples, with one file per sample.</summary>
    /// <param name="folder">The packages that the project references.</param>
    /// <param name="program">The subdirectory of <c>Programs</c> with the further sources of the project.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="change">Changes the text of each sample before it is compiled.</param>
    public static Consumer Project(PackageFolder folder, string program, IEnumerable<DocumentSample> samples, Func<string, string>? change = null)
    {
        // A whole program must compile with the plain SDK, which users have. A fragment may need the web SDK.
        Consumer consumer = new(
            folder,
            program,
            program == Programs ? "Microsoft.NET.Sdk" : "Microsoft.NET.Sdk.Web",
            ("Zcrx.AspNetCore", folder.Packages["Zcrx.AspNetCore"].Version),
            ("Zcrx.Rx", folder.Packages["Zcrx.Rx"].Version),
            ("Zcrx.Cluster", folder.Packages["Zcrx.Cluster"].Version),
            // Samples of tests use the attributes and assertions of xUnit.
            ("xunit.assert", Repository.PackageVersionOf("xunit.assert")),
            ("xunit.extensibility.execution", Repository.PackageVersionOf("xunit.extensibility.execution")));
        foreach (DocumentSample sample in samples)
        {
            string text = SampleSource.Write(sample);
            consumer.Add($"{sample.Name}{sample.File.Replace(".cs", "", StringComparison.Ordinal)}.cs", change is null ? text : change(text));
        }

        return consumer;
    }

    // Returns the path of a document relative to the root of the repository.
    private static string NameOf(string file) => Path.GetRelativePath(Repository.Path, file).Replace('\\', '/');

    private static IEnumerable<string> Documents() =>
    [
        Path.Combine(Repository.Path, "README.md"),
        .. Directory.EnumerateFiles(Repository.Path, "README.md", SearchOption.AllDirectories)
            .Where(static file => Directory.EnumerateFiles(Path.GetDirectoryName(file)!, "Zcrx.*.csproj").Any()),
        .. Directory.EnumerateFiles(Path.Combine(Repository.Path, "docs"), "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal),
    ];
}
