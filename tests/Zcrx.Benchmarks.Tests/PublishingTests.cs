using System.Xml.Linq;
using Zcrx.Benchmarks.Charts;
using Zcrx.Benchmarks.Publishing;
using Zcrx.Build.Tests.Support;

namespace Zcrx.Benchmarks.Tests;

/// <summary>Tests the tables and charts that the benchmark writes into documents.</summary>
public class PublishingTests
{
    [Fact]
    public void Results_replace_only_the_section_between_the_comments()
    {
        string document = $"before\n{ResultSection.Begin}\nold\n{ResultSection.End}\nafter\n";

        Assert.Equal($"before\n{ResultSection.Begin}\n\nnew\n\n{ResultSection.End}\nafter\n", ResultSection.Replace(document, "new\n"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(ResultSection.Begin)]
    [InlineData(ResultSection.End + ResultSection.Begin)]
    public void Document_without_the_section_is_refused(string document) => Assert.Throws<FormatException>(() => ResultSection.Replace(document, "new"));

    [Fact]
    public void Document_of_the_project_has_the_section_and_all_its_charts()
    {
        string path = Path.Combine(Repository.Path, "docs", "benchmarks.md");
        string document = File.ReadAllText(path);

        Assert.NotEqual(document, ResultSection.Replace(document, "new"));
        Assert.All((string[])["bulk-cpu", "bulk-wall", "messages-cpu", "messages-latency", "messages-memory", "messages-paced"], name =>
        {
            string chart = $"images/{ChartFiles.FileOf(name)}";
            Assert.Contains($"({chart})", document, StringComparison.Ordinal);
            Assert.Equal("svg", XDocument.Load(Path.Combine(Path.GetDirectoryName(path)!, chart)).Root!.Name.LocalName);
        });
    }

    [Fact]
    public void Chart_shows_the_names_of_categories_and_series_and_all_values()
    {
        BarChart chart = new("Title & more", "unit", ["first", "second"], [new BarSeriesValues("one", [1.25, 20]), new BarSeriesValues("other", [3, 4.5])]);

        string[] texts = [.. XDocument.Parse(chart.ToSvg()).Descendants().Where(static element => element.Name.LocalName == "text").Select(static element => element.Value)];

        Assert.All((string[])["Title & more", "unit", "first", "second", "one", "other", "1.25", "20", "3", "4.5"], text => Assert.Contains(text, texts));
    }
}
