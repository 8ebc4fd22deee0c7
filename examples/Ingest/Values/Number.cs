using System.Globalization;

namespace Ingest.Values;

/// <summary>Parses whole numbers on the command line.</summary>
internal static class Number
{
    public static ValueOption.Read<int> Between(int minimum, int maximum) => (string text, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= minimum && value <= maximum
            ? null
            : $"a whole number between {minimum} and {maximum}";
}
