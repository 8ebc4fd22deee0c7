using System.Text;

namespace Zcrx.Benchmarks.Comparison;

/// <summary>Plain aligned text: reads the same on a terminal, in a log and in a document.</summary>
internal sealed class TextTable(params IReadOnlyList<string> header)
{
    private readonly List<IReadOnlyList<string>> _rows = [header];

    public void Add(params IReadOnlyList<string> cells) => _rows.Add(cells);

    /// <summary>An empty line between groups.</summary>
    public void AddGap() => _rows.Add([]);

    public override string ToString()
    {
        int columns = header.Count;
        int[] widths = new int[columns];
        foreach (IReadOnlyList<string> row in _rows)
        {
            for (int i = 0; i < row.Count; i++)
            {
                widths[i] = int.Max(widths[i], row[i].Length);
            }
        }

        StringBuilder text = new();
        foreach (IReadOnlyList<string> row in _rows)
        {
            StringBuilder line = new();
            for (int i = 0; i < row.Count; i++)
            {
                // The first two columns are words, the others numbers.
                line.Append(i < 2 ? row[i].PadRight(widths[i]) : row[i].PadLeft(widths[i])).Append("  ");
            }

            text.AppendLine(line.ToString().TrimEnd());
        }

        return text.ToString();
    }
}
