using System.Text.RegularExpressions;

namespace Zcrx.Packages.Tests.Samples;

/// <summary>Represents a C# sample of a document.</summary>
/// <param name="Document">The path of the document, relative to the root of the repository.</param>
/// <param name="Line">The line of the document in which the sample starts.</param>
/// <param name="Code">The text of the sample.</param>
/// <param name="Context">
/// The content of the hidden comment <c>&lt;!-- sample: … --&gt;</c> above the sample. Its first line declares variables of the sample as a
/// parameter list. Its other lines declare members beside the sample. With <c>sample in T: …</c>, the sample becomes part of a class that
/// derives from T.
/// </param>
internal sealed partial record DocumentSample(string Document, int Line, string Code, SampleContext Context)
{
    /// <summary>Gets a name that is a valid C# identifier. All files of a program have the same name.</summary>
    public string Name { get; init; } = $"{NameOf(Document)}_{Line}";

    /// <summary>Gets a value indicating whether the sample is a whole program. Such a sample starts with its using directives.</summary>
    public bool IsProgram { get; } = Code.StartsWith("using ", StringComparison.Ordinal) && FirstDirective().IsMatch(Code);

    /// <summary>Gets the name of the file if the sample is one of several files of a program. Otherwise, the name is empty.</summary>
    public string File { get; init; } = "";

    /// <summary>Gets the reason why the sample is compiled but not run. It is empty if the sample is run.</summary>
    public string CompiledOnly { get; init; } = "";

    /// <summary>Converts the path of a document to a valid C# identifier.</summary>
    public static string NameOf(string document) => NotAllowed().Replace(document, "_");

    /// <summary>
    /// Returns the C# samples of a document, except those that belong to a program in several stages. <see cref="ProgramStage"/> has those.
    /// </summary>
    public static IEnumerable<DocumentSample> Of(string document, string text) => Block().Matches(text).Select(match =>
    {
        Group code = match.Groups["code"];
        return new DocumentSample(document, text.AsSpan(0, code.Index).Count('\n') + 1, code.Value, SampleContext.Parse(match.Groups["comment"].Value, match.Groups["base"].Value)) { CompiledOnly = match.Groups["reason"].Value };
    });

    [GeneratedRegex(@"(?<!^<!-- stage [^>]*-->\n)(^<!-- compiled only: (?<reason>[^>]+) -->\s*)?(^<!-- sample( in (?<base>[\w.]+))?:(?<comment>(?:(?!-->).)*)-->\s*)?^ *```(csharp|cs|c#)\n(?<code>.*?)^ *```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Block();

    [GeneratedRegex(@"\Ausing (static )?[\w.]+;", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex FirstDirective();

    [GeneratedRegex(@"\W", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex NotAllowed();
}
