namespace Zcrx.Benchmarks.Charts;

/// <summary>Writes charts into files.</summary>
internal static class ChartFiles
{
    /// <summary>Writes each chart as <c>bench-NAME.svg</c>. Creates the directory if it does not exist.</summary>
    public static void Write(string directory, IEnumerable<(string Name, BarChart Chart)> charts)
    {
        Directory.CreateDirectory(directory);
        foreach ((string name, BarChart chart) in charts)
        {
            File.WriteAllText(Path.Combine(directory, FileOf(name)), chart.ToSvg());
        }
    }

    public static string FileOf(string name) => $"bench-{name}.svg";
}
