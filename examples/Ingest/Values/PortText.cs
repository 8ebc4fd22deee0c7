using System.Globalization;

namespace Ingest.Values;

/// <summary>Parses TCP ports on the command line.</summary>
internal static class PortText
{
    public static string? Read(string text, out int? value)
    {
        bool valid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= ushort.MaxValue;
        value = port;
        return valid ? null : "a port between 1 and 65535";
    }
}
