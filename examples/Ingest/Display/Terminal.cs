using Spectre.Console;

namespace Ingest.Display;

/// <summary>Provides standard output as a console to draw on.</summary>
internal static class Terminal
{
    // The width of a report that is written to a file or a pipe.
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

    /// <summary>
    /// Returns a display with tables that are redrawn in place. If the terminal does not support that, returns a display with plain lines.
    /// </summary>
    public static IDemoDisplay ForDemo() => Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Ansi ? new PlainDisplay(Console.Out) : new TableDisplay(AnsiConsole.Console);
}
