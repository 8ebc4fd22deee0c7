using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Zcrx.Interop;

namespace Ingest.Commands;

/// <summary>
/// Defines the commands of the program. Reports each failure as one sentence on standard error and an exit code.
/// </summary>
internal static class IngestCommandLine
{
    private const string Notes =
        """
        Examples:
          Ingest demo                                          # eight streams over loopback, every byte checked
          Ingest serve --listen [::]:9000 --out /var/spool/in  # one file per connection
          Ingest send --to 127.0.0.1:9000 --file disk.img
          Ingest capabilities                                  # what is possible on this machine
          Ingest doctor --interface eth0 --queue 3             # what is missing for zero copy, and what would help

        Exit codes:
          0  done
          1  it ran, and did not succeed
          2  something about the command line or the machine has to be changed first; standard error says what
        """;

    public static RootCommand Create()
    {
        Command demo = DemoCommand.Create();
        Command serve = ServeCommand.Create();
        Command send = SendCommand.Create();
        Command doctor = DoctorCommand.Create();
        Command lease = LeaseCommand.Create();
        RootCommand root = new("Receives TCP streams with Zcrx: into memory that a NIC writes to directly, or through a slower engine where the machine cannot.")
        {
            demo,
            serve,
            send,
            CapabilitiesCommand.Create(),
            doctor,
            lease,
        };
        Dictionary<Command, string> notes = new()
        {
            [root] = Notes,
            [demo] = DemoCommand.Notes,
            [serve] = ServeCommand.Notes,
            [send] = SendCommand.Notes,
            [doctor] = DoctorCommand.Notes,
            [lease] = LeaseCommand.Notes,
        };
        root.Options.OfType<HelpOption>().Single().Action = new HelpWithNotes(notes);
        return root;
    }

    public static async Task<int> RunAsync(string[] args)
    {
        RootCommand root = Create();
        // Disables response files, so that an argument that starts with @ is an ordinary argument.
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is null or ParseErrorAction)
        {
            return Refuse(Explain(root, parsed));
        }

        try
        {
            // By default, the process would end two seconds after a signal. The commands handle signals themselves, and their clean-up may
            // take longer.
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (UsageException exception)
        {
            return Refuse(exception.Message);
        }
        catch (ZcrxException exception)
        {
            return Refuse(exception.Message);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("ingest: interrupted.");
            return ExitCode.Failure;
        }
    }

    private static int Refuse(string message)
    {
        Console.Error.WriteLine($"ingest: {message.ReplaceLineEndings(" ")}");
        return ExitCode.Usage;
    }

    private static string Explain(RootCommand root, ParseResult parsed)
    {
        bool noVerb = parsed.CommandResult.Command == root;
        string verbs = string.Join(", ", root.Subcommands.Select(command => command.Name));
        if (noVerb && parsed.UnmatchedTokens.Count == 0)
        {
            return $"say what to do: {verbs}; `--help` explains them.";
        }

        string help = noVerb ? "--help" : $"{parsed.CommandResult.Command.Name} --help";
        if (parsed.UnmatchedTokens.Count > 0)
        {
            string token = parsed.UnmatchedTokens[0];
            return noVerb && !token.StartsWith('-')
                ? $"there is no verb '{token}', only {verbs}; see `{help}`."
                : $"'{token}' is not understood here; see `{help}`.";
        }

        ParseError error = parsed.Errors[0];
        return $"{error.Message.TrimEnd('.')}; see `{help}`.";
    }
}
