using System.Text.RegularExpressions;

namespace Zcrx.Packages.Tests.Samples;

/// <summary>Represents a C# sample of a document.</summary>
/// <param name="Document">The path of the document relative to the repository.</param>
/// <param name="Line">The line number of the first line of the sample in the document.</param>
/// <param name="Code">The text of the sample.</param>
/// <param name="Context">
/// The content of the hidden comment <c>&lt;!-- sample: … --&gt;</c> above the sample. Its first line declares variables of the sample as a
/// parameter list. Its other lines declare members beside the sample. With <c>sample in T: …</c>, the sample becomes part of a class that
/// derives from T.
/// </param>
internal sealed partial record DocumentSample(string Document, int Line, string Code, SampleContext Context)
{
    /// <summary>Gets a name that is a valid C# identifier.</summary>
    public string Name { get; } = $"{NotAllowed().Replace(Document, "_")}_{Line}";

    /// <summary>Gets a value indicating whether the sample is a whole program, which begins with its using directives.</summary>
    public bool IsProgram { get; } = Code.StartsWith("using ", StringComparison.Ordinal) && FirstDirective().IsMatch(Code);

    /// <summary>Returns the C# samples of a document.</summary>
    public static IEnumerable<DocumentSample> Of(string document, string text) => Block().Matches(text).Select(match =>
    {
        Group code = match.Groups["code"];
        return new DocumentSample(document, text.AsSpan(0, code.Index).Count('\n') + 1, code.Value, SampleContext.Parse(match.Groups["comment"].Value, match.Groups["base"].Value));
    });

    [GeneratedRegex(@"(^<!-- sample( in (?<base>[\w.]+))?:(?<comment>(?:(?!-->).)*)-->\s*)?^ *```(csharp|cs|c#)\n(?<code>.*?)^ *```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Block();

    [GeneratedRegex(@"\Ausing (static )?[\w.]+;", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex FirstDirective();

    [GeneratedRegex(@"\W", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex NotAllowed();
}
