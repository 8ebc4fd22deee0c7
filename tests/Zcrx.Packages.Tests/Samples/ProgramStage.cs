using System.Text.RegularExpressions;

namespace Zcrx.Packages.Tests.Samples;

/// <summary>Represents a stage of a program that a document develops step by step.</summary>
/// <remarks>
/// The hidden comment <c>&lt;!-- stage 2: Watch.cs --&gt;</c> above a sample makes the sample a file of this stage. The file belongs to all
/// following stages until one of them replaces it. With <c>&lt;!-- stage 2: before TEXT in Program.cs --&gt;</c>, the sample is inserted
/// into the file, before the first line that begins with the text.
/// </remarks>
/// <param name="Name">The name of the program, which is a valid C# identifier.</param>
/// <param name="Number">The number of the stage.</param>
/// <param name="Files">The files of the program at this stage.</param>
internal sealed partial record ProgramStage(string Name, int Number, IReadOnlyCollection<DocumentSample> Files)
{
    /// <summary>Returns all stages of the programs in a document.</summary>
    public static IReadOnlyList<ProgramStage> Of(string document, string text)
    {
        Dictionary<string, DocumentSample> files = new(StringComparer.Ordinal);
        List<ProgramStage> stages = [];
        foreach (IGrouping<int, Match> blocks in Block().Matches(text).GroupBy(static match => int.Parse(match.Groups["number"].ValueSpan, provider: null)).OrderBy(static group => group.Key))
        {
            string name = $"{DocumentSample.NameOf(document)}_stage{blocks.Key}";
            foreach (Match block in blocks)
            {
                string file = block.Groups["file"].Value;
                Group code = block.Groups["code"];
                files[file] = block.Groups["before"].Success
                    ? files[file] with { Code = Insert(files[file].Code, code.Value, block.Groups["before"].Value) }
                    : new DocumentSample(document, text.AsSpan(0, code.Index).Count('\n') + 1, code.Value, SampleContext.None) { File = file };
            }

            stages.Add(new ProgramStage(name, blocks.Key, [.. files.Values.Select(file => file with { Name = name })]));
        }

        return stages;
    }

    private static string Insert(string code, string addition, string before)
    {
        int position = code.StartsWith(before, StringComparison.Ordinal) ? 0 : code.IndexOf($"\n{before}", StringComparison.Ordinal) + 1;
        Assert.True(position > 0 || code.StartsWith(before, StringComparison.Ordinal), $"no line begins with '{before}'");
        return code.Insert(position, addition);
    }

    [GeneratedRegex(@"^<!-- stage (?<number>\d+): (before (?<before>.+) in )?(?<file>[\w.]+) -->\n```csharp\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Block();
}
