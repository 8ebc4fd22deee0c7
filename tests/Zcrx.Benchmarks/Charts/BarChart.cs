using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace Zcrx.Benchmarks.Charts;

/// <summary>Represents a chart with horizontal bars, grouped by category.</summary>
/// <param name="Title">The title of the chart.</param>
/// <param name="Unit">The unit of all values.</param>
/// <param name="Categories">The names of the groups of bars, from top to bottom.</param>
/// <param name="Series">The series. Each has one bar in every group.</param>
internal sealed record BarChart(string Title, string Unit, IReadOnlyList<string> Categories, IReadOnlyList<BarSeriesValues> Series)
{
    private const double Width = 800;
    private const double BarHeight = 15;
    private const double GapHeight = 12;
    private const double FrameHeight = 110;
    private const double LegendLineHeight = 16;
    // The room for names is fixed, because a browser may use another font than Arial. The exporter knows the widths of Arial only.
    private const double NameWidth = 185;
    private const double UnitHeight = 45;
    private const string Font = "Arial";
    private const string FontOfReaders = "Arial, Helvetica, sans-serif";

    // These colors can be distinguished by their brightness alone.
    private static readonly OxyColor[] Colors = [OxyColor.Parse("#1b4f8f"), OxyColor.Parse("#d98a29"), OxyColor.Parse("#7fb3a6"), OxyColor.Parse("#8c3d5b")];

    /// <summary>Returns the chart as an SVG document.</summary>
    public string ToSvg()
    {
        PlotModel model = new()
        {
            Title = Title, TitleFontSize = 15, DefaultFont = Font, Background = OxyColors.White, PlotAreaBorderThickness = new OxyThickness(0),
            PlotMargins = new OxyThickness(NameWidth, double.NaN, double.NaN, UnitHeight),
        };
        // The axis counts from the bottom, so the categories are reversed.
        CategoryAxis categories = new() { Position = AxisPosition.Left, StartPosition = 1, EndPosition = 0, TickStyle = TickStyle.None, GapWidth = GapHeight / BarHeight / Series.Count };
        categories.Labels.AddRange(Categories);
        model.Axes.Add(categories);
        model.Axes.Add(new LinearAxis
        {
            Position = AxisPosition.Bottom, Title = Unit, Minimum = 0, MaximumPadding = 0.12,
            MajorGridlineStyle = LineStyle.Solid, MajorGridlineColor = OxyColor.Parse("#dddddd"), TickStyle = TickStyle.None,
        });
        if (Series.Count > 1)
        {
            model.Legends.Add(new Legend { LegendPlacement = LegendPlacement.Outside, LegendPosition = LegendPosition.BottomLeft, LegendOrientation = LegendOrientation.Vertical });
        }

        for (int i = 0; i < Series.Count; i++)
        {
            BarSeries bars = new() { Title = Series[i].Title, FillColor = Colors[i % Colors.Length], LabelFormatString = "{0:0.##}", LabelPlacement = LabelPlacement.Outside, LabelMargin = 9, FontSize = 10 };
            bars.Items.AddRange(Series[i].Values.Select(static value => new BarItem(value)));
            model.Series.Add(bars);
        }

        double height = FrameHeight + (Series.Count > 1 ? Series.Count * LegendLineHeight : 0) + Categories.Count * (Series.Count * BarHeight + GapHeight);
        return new SvgExporter { Width = Width, Height = height }.ExportToString(model)
            .Replace($"font-family=\"{Font}\"", $"font-family=\"{FontOfReaders}\"", StringComparison.Ordinal);
    }
}
