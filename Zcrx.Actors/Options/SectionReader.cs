using System.Globalization;
using Microsoft.Extensions.Configuration;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Options;

/// <summary>Reads one configuration section, and notes every value that cannot be read and every key that means nothing.</summary>
/// <remarks>Not the framework's binder: that stops at the first bad value, and passes over a misspelt key.</remarks>
internal sealed class SectionReader(IConfigurationSection section, IList<ZcrxConfigurationError> errors)
{
    private const string Int32Expected = "a whole number";
    private const string NumberExpected = "a number, such as 0.75";
    private const string DurationExpected = "a time span, such as 00:00:01.500";

    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a trimmed text, if it can.</summary>
    public delegate bool Parser<T>(string text, out T value);

    public string? Text(string key, string? fallback)
    {
        _known.Add(key);
        IConfigurationSection entry = section.GetSection(key);
        if (entry.Value is null && entry.GetChildren().Any())
        {
            Add(entry.Path, "expected one value, not a section");
            return fallback;
        }

        return entry.Value ?? fallback;
    }

    /// <summary>A value that the parser can read, or the fallback.</summary>
    public T Value<T>(string key, T fallback, Parser<T> parse, string expected)
    {
        if (Text(key, null) is not { } text)
        {
            return fallback;
        }

        if (parse(text.Trim(), out T value))
        {
            return value;
        }

        Add(section.GetSection(key).Path, $"'{text}' is not {expected}");
        return fallback;
    }

    public int Int32(string key, int fallback) => Value(key, fallback, ParseInt32, Int32Expected);

    public double Number(string key, double fallback) => Value(key, fallback, ParseNumber, NumberExpected);

    public bool Flag(string key, bool fallback) =>
        Value(key, fallback, bool.TryParse, "true or false");

    public TimeSpan Duration(string key, TimeSpan fallback) => Value(key, fallback, ParseDuration, DurationExpected);

    /// <summary>Sets a text if there is one.</summary>
    public void SetText(string key, Action<string> set)
    {
        if (Text(key, null) is { } text)
        {
            set(text);
        }
    }

    public long Size(string key, long fallback)
    {
        if (Text(key, null) is not { } text)
        {
            return fallback;
        }

        if (ByteSize.TryParse(text, out ByteSize size, out string? error))
        {
            return size;
        }

        Add(section.GetSection(key).Path, error);
        return fallback;
    }

    /// <summary>An enumeration's name in any case, with or without dashes: <c>device-less</c>.</summary>
    public T Name<T>(string key, T fallback, string expected)
        where T : struct, Enum =>
        Value(
            key,
            fallback,
            static (string text, out T value) =>
            {
                string name = text.Replace("-", "", StringComparison.Ordinal);
                // A number is no name, although the parser takes it.
                value = default;
                return name.Length > 0 && char.IsAsciiLetter(name[0]) && Enum.TryParse(name, ignoreCase: true, out value) && Enum.IsDefined(value);
            },
            expected);

    public SectionReader Child(string key)
    {
        _known.Add(key);
        IConfigurationSection entry = section.GetSection(key);
        if (!string.IsNullOrEmpty(entry.Value))
        {
            Add(entry.Path, $"expected a section, not '{entry.Value}'");
        }

        return new SectionReader(entry, errors);
    }

    /// <summary>The elements of a list, in the order of their numbers.</summary>
    public IEnumerable<SectionReader> Items(string key)
    {
        _known.Add(key);
        IConfigurationSection list = section.GetSection(key);
        if (!string.IsNullOrEmpty(list.Value))
        {
            Add(list.Path, $"expected a list, not '{list.Value}'");
        }

        foreach (IConfigurationSection item in list.GetChildren())
        {
            if (!string.IsNullOrEmpty(item.Value))
            {
                Add(item.Path, $"expected a section, not '{item.Value}'");
            }

            yield return new SectionReader(item, errors);
        }
    }

    /// <summary>Called last: keys that nobody asked for.</summary>
    public void RefuseTheRest()
    {
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (!_known.Contains(child.Key))
            {
                Add(child.Path, $"no such option; there are {string.Join(", ", _known)}");
            }
        }
    }

    private static bool ParseInt32(string text, out int value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static bool ParseNumber(string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    private static bool ParseDuration(string text, out TimeSpan value) => TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out value);

    private void Add(string path, string message) => errors.Add(new ZcrxConfigurationError(path, message));
}
