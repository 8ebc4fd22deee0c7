using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace LogIngest.Demo;

/// <summary>Defines and parses the command line.</summary>
internal static class DemoCommandLine
{
    private const int SecondsAroundPause = 10;
    private const int RateOfPause = 2_000;

    // The time limit after SIGINT in which the run stops the service and the database, and deletes the database.
    private static readonly TimeSpan CleanUpLimit = TimeSpan.FromSeconds(30);

    public static Task<int> RunAsync(string[] arguments)
    {
        Argument<int> connections = new("connections") { Description = "The number of connections.", DefaultValueFactory = static _ => 8 };
        Between(connections.Validators, "connections", 1, 1000);
        Argument<int?> seconds = new("seconds")
        {
            Description = $"The seconds to send. The default is 30; with --pause-database, {SecondsAroundPause} before the pause and {SecondsAroundPause} after it.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Between(seconds.Validators, "seconds", 1, 3600);
        Option<int?> rate = new("--rate") { Description = $"Messages per second of all connections together. The default is no limit; with --pause-database, {RateOfPause}." };
        Between(rate.Validators, "--rate", 1, 1_000_000);
        Option<int?> pause = new("--pause-database") { Description = $"Stops all processes of the database for so many seconds, {SecondsAroundPause} seconds after the beginning." };
        Between(pause.Validators, "--pause-database", 1, 3600);
        RootCommand root = new("Starts a database and LogIngest, sends messages, and compares the stored messages with the sent ones.") { connections, seconds, rate, pause };
        root.SetAction((result, cancellationToken) =>
        {
            TimeSpan? paused = result.GetValue(pause) is { } length ? TimeSpan.FromSeconds(length) : null;
            int duration = result.GetValue(seconds) ?? (paused is { } time ? (int)time.TotalSeconds + (2 * SecondsAroundPause) : 30);
            return DemoRun.RunAsync(new DemoOptions(result.GetValue(connections), TimeSpan.FromSeconds(duration))
            {
                Rate = result.GetValue(rate) ?? (paused is null ? null : RateOfPause),
                Pause = paused is null ? null : new PausePlan(TimeSpan.FromSeconds(SecondsAroundPause), paused.Value),
            }, cancellationToken);
        });
        return root.Parse(arguments).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = CleanUpLimit });
    }

    private static void Between(List<Action<ArgumentResult>> validators, string name, int least, int most) =>
        validators.Add(result => Check(result, result.Tokens, name, least, most));

    private static void Between(List<Action<OptionResult>> validators, string name, int least, int most) =>
        validators.Add(result => Check(result, result.Tokens, name, least, most));

    // Reads the token, because GetValueOrDefault throws for text that is not a number. The parser itself reports such text.
    private static void Check(SymbolResult result, IReadOnlyList<Token> tokens, string name, int least, int most)
    {
        if (tokens is [var token] && int.TryParse(token.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && (value < least || value > most))
        {
            result.AddError($"{name} must be between {least} and {most}.");
        }
    }
}
