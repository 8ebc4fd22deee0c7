using Xunit.Abstractions;
using Zcrx.Architecture.Tests.Sources;

namespace Zcrx.Architecture.Tests;

/// <summary>Tests that no class is larger than the limit, because a larger class usually has more than one responsibility.</summary>
public class ClassSizeTests(ITestOutputHelper output)
{
    private const int MostLines = 400;

    [Theory]
    [InlineData("Zcrx.Interop")]
    [InlineData("Zcrx.Rx")]
    [InlineData("Zcrx.Actors")]
    public void Classes_of_a_library_stay_readable(string name)
    {
        IReadOnlyList<ClassSize> sizes = ClassSize.Of(Library.Named(name));
        output.WriteLine(string.Join('\n', sizes.Take(10)));

        string tooLong = string.Join('\n', sizes.Where(static size => size.Lines > MostLines));
        Assert.True(tooLong.Length == 0, $"longer than {MostLines} lines over all their files:\n{tooLong}");
    }

    [Fact]
    public void Size_of_a_class_covers_all_its_files_and_excludes_the_kernel_ABI_and_log_messages()
    {
        Library library = Library.FromText("Zcrx.Rx",
        [
            ("Zcrx.Rx/Ring/Turn.cs", "namespace Zcrx.Rx;\n\n/// <summary>A turn.</summary>\npartial class Turn(int first)\n{\n    private int _count, _other;\n    const int Most = 1;\n    int State { get; set; }\n}\n"),
            ("Zcrx.Rx/Ring/Turn.End.cs", "namespace Zcrx.Rx;\n\npartial class Turn\n{\n    struct Nested { int _own; }\n}\n"),
            ("Zcrx.Rx/Abi/Long.cs", "class Long\n{\n}\n"),
            ("Zcrx.Rx/Log.cs", "partial class Log\n{\n    [LoggerMessage]\n    public static partial void Started();\n}\n"),
        ]);

        Assert.Equal(new ClassSize("Zcrx.Rx/Ring/Turn", Lines: 11, Fields: 4, Files: 2), Assert.Single(ClassSize.Of(library)));
    }
}
