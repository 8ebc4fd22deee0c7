using System.Globalization;

namespace ClusterIngest;

/// <summary>Reports the state of a node to the demo, as lines with a word and a value on standard output.</summary>
internal static class NodeReport
{
    public static TimeSpan Interval { get; } = TimeSpan.FromMilliseconds(250);

    public static string Numbers(params ReadOnlySpan<long> numbers) => string.Join(' ', numbers.ToArray().Select(static number => number.ToString(CultureInfo.InvariantCulture)));

    public static long[] Parse(string text) => [.. text.Split(' ').Select(static number => long.Parse(number, CultureInfo.InvariantCulture))];

    public static Task WriteAsync(string word, string value) => Console.Out.WriteLineAsync($"{word} {value}");

    public static void Write(string word, string value) => Console.Out.WriteLine($"{word} {value}");
}
