using Spectre.Console;
using Zcrx.Interop;

namespace Ingest.Display;

/// <summary>Formats the findings of a preflight, one check per line.</summary>
internal static class DoctorReport
{
    public static void Write(IAnsiConsole console, string subject, NicPreflight preflight)
    {
        Table table = new Table().Border(TableBorder.None).AddColumn(new TableColumn("").NoWrap()).AddColumn(new TableColumn("").NoWrap()).AddColumn("");
        table.ShowHeaders = false;
        foreach (PreflightItem item in preflight.Items)
        {
            string fix = item.Fix.Length == 0 ? "" : $" → {item.Fix}";
            table.AddRow(Mark(item.Outcome), Markup.Escape(item.Check), Markup.Escape(item.Text + fix));
        }

        console.Write(table);
        console.MarkupLine(preflight.CanRegister
            ? $"[green]{Markup.Escape(subject)} can be registered.[/]"
            : $"[red]{Markup.Escape(subject)} cannot be registered: {string.Join(", ", preflight.Items.Where(static item => item.Outcome == PreflightOutcome.Obstacle).Select(static item => Markup.Escape(item.Check)))}.[/]");
    }

    private static string Mark(PreflightOutcome outcome) => outcome switch
    {
        PreflightOutcome.Passed => "[green]ok[/]",
        PreflightOutcome.Warning => "[yellow]warning[/]",
        PreflightOutcome.Obstacle => "[red]obstacle[/]",
        PreflightOutcome.HostSide => "[blue]host[/]",
        _ => "[grey]skipped[/]",
    };
}
