using System.Globalization;
using Zcrx.Architecture.Tests.Sources;

namespace Zcrx.Architecture.Tests;

/// <summary>Tests that the names in the description of the architecture are existing types and files.</summary>
public class DocumentTests
{
    [Fact]
    public void Architecture_document_names_only_what_the_sources_contain()
    {
        DocumentNames names = new([.. Library.Names.Select(Library.Named)]);
        string text = File.ReadAllText(Path.Combine(Repository.Path, "docs", "architecture.md"));

        IReadOnlyList<string> missing = names.Missing(text, static path => Path.Exists(Path.Combine(Repository.Path, path)));

        Assert.True(missing.Count == 0, $"docs/architecture.md names what does not exist: {string.Join(", ", missing)}");
    }

    [Fact]
    public void Relative_links_of_all_documents_lead_to_a_file_and_a_heading()
    {
        string[] broken = [.. Repository.Files(Repository.Path, "*.md")
            .SelectMany(static file => DocumentLinks.Broken(file, File.ReadAllText(file)).Select(target => $"{Path.GetRelativePath(Repository.Path, file)}: {target}"))];

        Assert.True(broken.Length == 0, $"These links lead nowhere:\n{string.Join("\n", broken)}");
    }

    [Fact]
    public void Commands_of_all_documents_name_only_targets_arguments_and_projects_that_exist()
    {
        DocumentCommands commands = new(
            string.Join('\n', Directory.EnumerateFiles(Path.Combine(Repository.Path, "eng"), "*.cake").Select(File.ReadAllText)),
            static project => Directory.Exists(Path.Combine(Repository.Path, project)) && Directory.EnumerateFiles(Path.Combine(Repository.Path, project), "*.csproj").Any());

        string[] missing = [.. Repository.Files(Repository.Path, "*.md")
            .SelectMany(file => commands.Missing(File.ReadAllText(file)).Select(name => $"{Path.GetRelativePath(Repository.Path, file)}: {name}"))];

        Assert.True(missing.Length == 0, $"These commands do not exist:\n{string.Join("\n", missing)}");
    }

    [Fact]
    public void Commands_that_do_not_exist_are_found()
    {
        const string Build = """
            Accepts("pack", flags: ["quick"]);
            Task("pack")
            Task("docs")
            """;
        DocumentCommands commands = new(Build, static project => project == "examples/A");

        Assert.Empty(commands.Missing("`./build.sh pack --quick`, ./build.sh docs -- --any, dotnet run --project examples/A -- --any"));
        Assert.Equal(
            ["gone", "pack --slow", "docs --quick", "tests/B"],
            commands.Missing("./build.sh gone, ./build.sh pack --quick --slow 3, ./build.sh docs --quick, dotnet run --project tests/B"));
    }

    [Fact]
    public void Security_document_names_only_tests_that_exist()
    {
        string tests = Path.Combine(Repository.Path, "tests");
        DocumentedTests documented = new(
            Repository.Files(tests, "*Tests.cs").Select(File.ReadAllText),
            project => File.Exists(Path.Combine(tests, project, $"{project}.csproj")));
        string text = File.ReadAllText(Path.Combine(Repository.Path, "docs", "security.md"));

        Assert.NotEmpty(DocumentedTests.Rows(text));
        IReadOnlyList<string> missing = documented.Missing(text);

        Assert.True(missing.Count == 0, $"docs/security.md names tests that do not exist: {string.Join(", ", missing)}");
    }

    [Fact]
    public void Tests_that_do_not_exist_are_found()
    {
        const string Source = """
                [Fact]
                public async Task Known_test() => await Helper_of_it();
            """;
        const string Text = """
            | input | result | test |
            |---|---|---|
            | a | b | `Known_test`, `A.Tests` ([where](x.md)) |
            | c | d | `Gone_test`, `B.Tests` |
            | e | f | `Helper_of_it` |
            | g | h | none |

            | other | column |
            |---|---|
            | `Unchecked_name` | `Unchecked_name` |
            """;

        Assert.Equal(["Gone_test", "B.Tests", "Helper_of_it", "g"], new DocumentedTests([Source], static project => project == "A.Tests").Missing(Text));
    }

    [Fact]
    public void Recipes_document_counts_the_lines_of_every_recipe()
    {
        string recipes = Path.Combine(Repository.Path, "examples", "Recipes");
        string text = File.ReadAllText(Path.Combine(Repository.Path, "docs", "recipes.md"));

        // Program.cs and RecipesCommandLine.cs contain no recipe.
        IEnumerable<string> expected = Repository.Files(recipes, "*.cs")
            .Where(static file => Path.GetFileName(file) is not ("Program.cs" or "RecipesCommandLine.cs"))
            .Select(static file => $"{Path.GetFileName(file)}: {LineCounts.Of(File.ReadAllText(file))}");

        Assert.Equal(expected.Order(StringComparer.Ordinal), LineCounts.Documented(text).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Lines_of_code_are_counted_without_comments_imports_and_blank_lines()
    {
        const string Source = """
            using System;

            namespace A;

            /// <summary>Comment.</summary>
            class B
            {
                // Comment
                void C()
                {
                    using var d = E(); // counts
                }
            }
            """;

        Assert.Equal(7, LineCounts.Of(Source));
        Assert.Equal(["B.cs: 7", "D.cs: 12"], LineCounts.Documented("""
            | file | before | now |
            |---|---|---|
            | [`B.cs`](x/B.cs) | 9 | 7 |
            | [`D.cs`](x/D.cs) | 3 | 12 |

            See [`E.cs`](x/E.cs).
            """));
    }

    [Fact]
    public void Decisions_are_numbered_without_gaps_and_have_a_status()
    {
        string[] files = [.. Repository.Files(Path.Combine(Repository.Path, "docs", "adr"), "*.md")];

        Assert.Equal(Enumerable.Range(1, files.Length), files.Select(static file => int.Parse(Path.GetFileName(file).AsSpan(0, 4), CultureInfo.InvariantCulture)));
        Assert.All(files, static file =>
        {
            string text = File.ReadAllText(file);
            Assert.Matches(@"(?m)^(Date: \d{4}-\d\d-\d\d\. )?Status: (accepted|superseded by \[ADR \d+\]\()", text);
        });
    }

    [Fact]
    public void Links_without_a_file_or_a_heading_are_found()
    {
        string document = Path.Combine(Repository.Path, "docs", "architecture.md");
        const string Text = """
            # The `A.B` of C, and more

            [file](concepts.md), [heading](#the-ab-of-c-and-more), [both](../README.md#engines), [elsewhere](https://example.org/gone.md)
            [no file](gone.md), [no heading](#gone), [no heading there](../README.md#gone)

            ```
            # no-heading
            [no link](block.md)
            ```
            """;

        Assert.Equal(["gone.md", "#gone", "../README.md#gone"], DocumentLinks.Broken(document, Text));
        Assert.Equal(["#no-heading"], DocumentLinks.Broken(document, $"[block](#no-heading)\n{Text}").Take(1));
    }

    [Fact]
    public void Names_that_do_not_exist_are_found_in_text_and_diagrams()
    {
        Library library = Library.FromText("Zcrx.Rx",
        [
            ("Zcrx.Rx/Ring/Turn.cs", "namespace Zcrx.Rx; interface ITurn { void End(); } class Turn<T> : ITurn { void ITurn.End() { } int _number; }"),
            ("Zcrx.Rx/Pool/Level.cs", "namespace Zcrx.Rx; enum Level { High }"),
        ]);
        const string Text = """
            `Zcrx.Rx` has the rooms `Ring` and `Pool`, `Turn<T>` in `Turn.cs`, `Turn.End`, `Level.High` and `Zcrx.Rx/Pool/Level.cs`.
            `Moved`, `Turn.Begin`, `Level.Low`, `Gone.cs` and `Zcrx.Rx/Gone` do not exist.

            ```mermaid
            sequenceDiagram
                participant K as kernel
                participant T as Turn
                participant O as IObserver.OnNext
                participant P as Removed
                T->>K: Turn.End, then Turn.Leave
            ```
            """;

        IReadOnlyList<string> missing = new DocumentNames(library).Missing(Text, static path => path == "Zcrx.Rx/Pool/Level.cs");

        Assert.Equal(["Gone.cs", "Level.Low", "Moved", "Removed", "Turn.Begin", "Turn.Leave", "Zcrx.Rx/Gone"], missing);
    }
}
