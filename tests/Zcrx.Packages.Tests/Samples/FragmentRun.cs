using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Zcrx.Packages.Tests.Samples;

/// <summary>Determines whether a fragment is run, and with which argument.</summary>
internal static partial class FragmentRun
{
    /// <summary>Returns the reason why a fragment is compiled but not run. It is empty if the fragment is run.</summary>
    public static string ReasonNotToRun(DocumentSample sample) => sample switch
    {
        { CompiledOnly: { Length: > 0 } reason } => reason,
        { Context.Base.Length: > 0 } => "a part of an actor",
        _ when Mistake().IsMatch(sample.Code) => "a mistake that the analyzers report",
        _ when !Statements(sample).Any() => "declares types or functions only",
        _ => "",
    };

    /// <summary>Returns the argument with which the program runs a fragment.</summary>
    public static string Argument(DocumentSample sample)
    {
        string serves = Listens().IsMatch(sample.Code) ? "port" : Consumes().IsMatch(sample.Code) ? "connection" : "nothing";
        return $"{sample.Name}:{serves}{(IsEndless(sample) ? ":endless" : "")}";
    }

    /// <summary>Determines whether a fragment serves until its process ends.</summary>
    public static bool IsEndless(DocumentSample sample) => Endless().IsMatch(sample.Code);

    /// <summary>Replaces the ports and the directory of the documents by those of the test.</summary>
    public static string Localize(string text, int port, string directory) =>
        Port().Replace(text, $"{port}").Replace("/run/ingest", directory, StringComparison.Ordinal);

    private static IEnumerable<GlobalStatementSyntax> Statements(DocumentSample sample) =>
        ((CompilationUnitSyntax)CSharpSyntaxTree.ParseText(sample.Code).GetRoot()).Members.OfType<GlobalStatementSyntax>().Where(static statement => statement.Statement is not LocalFunctionStatementSyntax);

    [GeneratedRegex(@"// ZCRX\d{4}$", RegexOptions.Multiline, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Mistake();

    // Matches a fragment that binds a port and serves it. Port 9100 is not included, because the fragment with that port closes it itself.
    [GeneratedRegex(@"(Listen|Bind)\b.*\b(9000|6379)\b(?s:.*)(Buffers|HandleWith|ConnectAsync|handler)|IPAddress.IPv6Any, 9000", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Listens();

    [GeneratedRegex(@"^(await )?(connection|client)\s*\.(Buffers\b.*(Subscribe|ForEachAsync|ProcessAsync|ToActor|ForwardToAsync)|RelayAsync)|^await (connection\.Buffers|client\.RelayAsync)|Listen\(listener\)", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Consumes();

    [GeneratedRegex(@"while \(true\)|await queue\.Completion", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Endless();

    [GeneratedRegex(@"\b(9000|9100|6379)\b", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Port();
}
