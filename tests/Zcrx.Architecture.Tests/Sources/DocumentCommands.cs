using System.Text.RegularExpressions;

namespace Zcrx.Architecture.Tests.Sources;

/// <summary>Finds commands in documents that name a build target, an argument or a project that does not exist.</summary>
internal sealed partial class DocumentCommands
{
    private const int Timeout = 10_000;

    // Maps each build target to its arguments.
    private readonly Dictionary<string, string[]> _targets;
    private readonly Func<string, bool> _hasProject;

    /// <summary>Reads the targets and their arguments.</summary>
    /// <param name="build">The text of the build scripts.</param>
    /// <param name="hasProject">Returns true if a directory of the repository contains a project.</param>
    public DocumentCommands(string build, Func<string, bool> hasProject)
    {
        ILookup<string, string> arguments = Accepts().Matches(build).ToLookup(
            static match => match.Groups["target"].Value, static match => match.Groups["arguments"].Value);
        _targets = Target().Matches(build).Select(static match => match.Groups["target"].Value).ToDictionary(
            static target => target,
            target => arguments[target].SelectMany(static text => Quoted().Matches(text)).Select(static match => match.Groups["text"].Value).ToArray(),
            StringComparer.Ordinal);
        _hasProject = hasProject;
    }

    /// <summary>Returns the targets, arguments and projects that the commands of a document name but that do not exist.</summary>
    public IEnumerable<string> Missing(string text)
    {
        foreach (Match command in Build().Matches(text))
        {
            string target = command.Groups["target"].Value;
            if (!_targets.TryGetValue(target, out string[]? known))
            {
                yield return target;
                continue;
            }

            foreach (Capture argument in command.Groups["argument"].Captures.Where(argument => !known.Contains(argument.Value, StringComparer.Ordinal)))
            {
                yield return $"{target} --{argument.Value}";
            }
        }

        foreach (string project in Project().Matches(text).Select(static match => match.Groups["project"].Value).Where(project => !_hasProject(project)))
        {
            yield return project;
        }
    }

    [GeneratedRegex("""^Task\("(?<target>[^"]+)"\)""", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Target();

    [GeneratedRegex("""^Accepts\("(?<target>[^"]+)"(?<arguments>[^\n]*)""", RegexOptions.Multiline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Accepts();

    [GeneratedRegex("\"(?<text>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Quoted();

    // Arguments after `--` are not checked, because another program gets them.
    [GeneratedRegex(@"\./build\.sh (?<target>[a-z][\w-]*)( \[?--(?<argument>[a-z][\w-]*)\]?( +(?!\[?--|#)[^\s`#]+)?)*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Build();

    [GeneratedRegex(@"(--project |dotnet build )(?<project>(examples|extensions|tests|eng)/[\w./-]+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: Timeout)]
    private static partial Regex Project();
}
