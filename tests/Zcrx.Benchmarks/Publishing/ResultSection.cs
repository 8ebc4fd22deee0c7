namespace Zcrx.Benchmarks.Publishing;

/// <summary>Replaces the generated section of a document. Two comments mark its start and its end.</summary>
internal static class ResultSection
{
    public const string Begin = "<!-- results: written by `./build.sh bench -- report` -->";
    public const string End = "<!-- end of the results -->";

    /// <summary>Returns the document with a new section instead of the old one.</summary>
    /// <exception cref="FormatException">The document has no such section.</exception>
    public static string Replace(string document, string section)
    {
        int begin = document.IndexOf(Begin, StringComparison.Ordinal);
        int end = document.IndexOf(End, StringComparison.Ordinal);
        return begin >= 0 && end > begin
            ? $"{document[..(begin + Begin.Length)]}\n\n{section.Trim()}\n\n{document[end..]}"
            : throw new FormatException($"The document has no section between '{Begin}' and '{End}'.");
    }
}
