using System.Globalization;

namespace Ingest.Values;

/// <summary>Parses durations on the command line: <c>500ms</c>, <c>5s</c>, <c>2m</c>.</summary>
internal static class DurationText
{
    public static ValueOption.Read<Duration> AtLeast(TimeSpan minimum) => (string text, out Duration value) =>
    {
        value = new Duration(TimeSpan.Zero);
        (string number, double unit) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 0.001),
            _ when text.EndsWith('s') => (text[..^1], 1),
            _ when text.EndsWith('m') => (text[..^1], 60),
            _ => ("", 0),
        };
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count) || count * unit > 24 * 60 * 60)
        {
            return "a duration with its unit, such as 500ms, 5s or 2m";
        }

        value = new Duration(TimeSpan.FromSeconds(count * unit));
        return value.Time >= minimum ? null : $"at least {new Duration(minimum)}";
    };
}
