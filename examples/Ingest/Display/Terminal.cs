using Spectre.Console;

namespace Ingest.Display;

/// <summary>Standard output, as a console to draw on.</summary>
internal static class Terminal
{
    // A report in a file is as wide as it likes, and has no escape sequences.
    private const int WidthOfFiles = 160;

    public static IAnsiConsole Create()
    {
        if (!Console.IsOutputRedirected)
        {
            return AnsiConsole.Console;
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(Console.Out),
        });
        console.Profile.Width = WidthOfFiles;
        return console;
    }

    /// <summary>A table that redraws itself where the terminal can do that, lines everywhere else.</summary>
    public static IDemoDisplay ForDemo() => Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi ? new PlainDisplay(Console.Out) : new TableDisplay(AnsiConsole.Console);
}
