using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Ingest.Commands;

/// <summary>Prints the usual help and adds notes that a list of options cannot contain, such as examples and exit codes.</summary>
internal sealed class HelpWithNotes(IReadOnlyDictionary<Command, string> notes) : SynchronousCommandLineAction
{
    // Wider text is hard to read.
    private const int MaxWidth = 120;

    private readonly HelpAction _help = new() { MaxWidth = MaxWidth };

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int result = _help.Invoke(parseResult);
        if (notes.TryGetValue(parseResult.CommandResult.Command, out string? text))
        {
            parseResult.InvocationConfiguration.Output.WriteLine(text);
        }

        return result;
    }
}
