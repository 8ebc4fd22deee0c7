using Xunit.Abstractions;
using Zcrx.Architecture.Tests.Sources;

namespace Zcrx.Architecture.Tests;

/// <summary>
/// Tests that the folders of each library do not depend on each other in a cycle. A subfolder counts as a folder of its own: it and its
/// parent must not use each other.
/// </summary>
public class FolderTests(ITestOutputHelper output)
{
    public static TheoryData<string> Libraries => [.. Library.Names];

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Folders_of_a_library_have_no_cycle(string name)
    {
        Library library = Library.Named(name);
        Assert.Empty(library.Unbound());
        FolderGraph graph = new(library);
        output.WriteLine(graph.ToString());

        string knots = string.Join('\n', graph.Knots().Select(graph.Describe));
        Assert.True(knots.Length == 0, knots);
    }

    [Theory]
    [MemberData(nameof(Libraries))]
    public void Library_uses_only_the_libraries_below_it(string name)
    {
        // The sources are compiled here without the libraries above, so no source can name one. Only the built assembly shows the libraries
        // that its project references.
        IEnumerable<string> used = System.Reflection.Assembly.Load(name).GetReferencedAssemblies().Select(static reference => reference.Name!).Intersect(Library.Names);

        Assert.Equal([], used.Except(Library.Names.TakeWhile(other => other != name)));
        Assert.Empty(new FolderGraph(Library.Named(name)).Upward());
    }

    [Fact]
    public void Folders_that_use_each_other_are_a_cycle_described_with_their_types()
    {
        Library library = Library.FromText("Zcrx.Rx",
        [
            ("Zcrx.Rx/Ring/Turn.cs", "namespace Zcrx.Rx.Ring; class Turn { Pool.Area? _area; }"),
            ("Zcrx.Rx/Pool/Area.cs", "namespace Zcrx.Rx.Pool; class Area { object Units() => Zcrx.Rx.Units.Size.Zero; }"),
            ("Zcrx.Rx/Units/Size.cs", "namespace Zcrx.Rx.Units; class Size { public static Size Zero => new(); object Turn() => new Zcrx.Rx.Ring.Turn(); }"),
            ("Zcrx.Rx/Leases/Lease.cs", "namespace Zcrx.Rx.Leases; class Lease { Zcrx.Rx.Ring.Turn? _turn; }"),
        ]);
        Assert.Empty(library.Unbound());
        FolderGraph graph = new(library);

        IReadOnlyList<string> knot = Assert.Single(graph.Knots());
        Assert.Equal(["Zcrx.Rx/Pool", "Zcrx.Rx/Ring", "Zcrx.Rx/Units"], knot);
        Assert.Contains("Zcrx.Rx/Units -> Zcrx.Rx/Ring: Size uses Turn", graph.Describe(knot), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("class Turn { void Use() { var area = Zcrx.Rx.Units.Areas.First(); area.Grow(); } }")]
    [InlineData("class Turn { int Use(Zcrx.Rx.Units.Areas areas) => areas.Size(); }")]
    [InlineData("class Turn { int Use(Zcrx.Rx.Units.Areas areas) => areas[0]; }")]
    [InlineData("class Turn { string Use() => nameof(Zcrx.Rx.Pool.Area); }")]
    [InlineData("using static Zcrx.Rx.Pool.AreaExtensions; class Turn { int Use() => Fewest; }")]
    public void Reference_is_found_however_it_is_written(string use)
    {
        Library library = Library.FromText("Zcrx.Rx",
        [
            ("Zcrx.Rx/Ring/Turn.cs", $"using Zcrx.Rx.Pool; {use}"),
            ("Zcrx.Rx/Pool/Area.cs", "namespace Zcrx.Rx.Pool; class Area { public void Grow() { } public int this[int index] => index; }"),
            ("Zcrx.Rx/Pool/AreaExtensions.cs", "namespace Zcrx.Rx.Pool; static class AreaExtensions { public const int Fewest = 1; public static int Size(this Area area) => 1; }"),
            ("Zcrx.Rx/Units/Areas.cs", "namespace Zcrx.Rx.Units; class Areas : Pool.Area { public static Pool.Area First() => new(); }"),
        ]);
        Assert.Empty(library.Unbound());

        Assert.Contains(library.References, static reference => reference is { From: "Zcrx.Rx/Ring", To: "Zcrx.Rx/Pool", FromType: "Turn" });
    }

    [Fact]
    public void Using_directives_and_documentation_make_no_edge()
    {
        Library library = Library.FromText("Zcrx.Rx",
        [
            ("Zcrx.Rx/Ring/Turn.cs", "using Zcrx.Rx.Pool; /// <summary>See <see cref=\"Area\"/>.</summary>\nclass Turn;"),
            ("Zcrx.Rx/Pool/Area.cs", "namespace Zcrx.Rx.Pool; class Area;"),
        ]);

        Assert.Empty(library.References);
    }
}
