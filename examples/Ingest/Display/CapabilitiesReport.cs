using Spectre.Console;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Ingest.Display;

/// <summary>Formats the capabilities of the kernel and the process, and the resulting engines.</summary>
internal static class CapabilitiesReport
{
    public static void Write(IAnsiConsole console, string? networkInterface)
    {
        ZcrxCapabilities capabilities = ZcrxCapabilities.Query(new LinuxKernel());
        HostFacts host = HostFacts.Read();
        EngineChoice choice = EngineChoice.For(new ZcrxQueueOptions { Interface = networkInterface });

        Table table = new Table().Border(TableBorder.Rounded).AddColumn(new TableColumn("what").NoWrap()).AddColumn("answer");
        table.ShowHeaders = false;
        Section(table, "kernel");
        foreach (string line in capabilities.Describe().Split('\n'))
        {
            string[] parts = line.Split(": ", 2);
            Row(table, parts.Length == 2 ? parts[0] : "name", parts[^1]);
        }

        Section(table, "this process");
        Row(table, "may set up rings", host.WhyNoRing() is { } noRing ? $"no: {noRing}" : "yes");
        Row(table, "may register queues", host.WhyNoRegistration() is { } noQueue ? $"no: {noQueue}" : "yes");
        Row(table, "locked memory", host.EffectiveLockedMemoryLimit is { } limit ? $"up to {Quantity.Bytes(limit)}" : "no limit");
        Row(table, "seccomp filter", host.SeccompFilter ? "active; it may forbid io_uring" : "none");
        Row(table, "page size", $"{host.PageSize} bytes");
        Section(table, "engine auto");
        Row(table, "chooses", choice.Name);
        Row(table, "because", choice.Reason);
        console.Write(table);
    }

    private static void Section(Table table, string title)
    {
        if (table.Rows.Count > 0)
        {
            table.AddEmptyRow();
        }

        table.AddRow($"[bold]{Markup.Escape(title)}[/]", "");
    }

    private static void Row(Table table, string name, string answer) => table.AddRow(Markup.Escape(name), Markup.Escape(answer));
}
