using Zcrx.Rx;

namespace Ingest.Values;

/// <summary>Parses sizes on the command line: <c>64KiB</c>, <c>128MiB</c>, <c>4096</c>.</summary>
internal static class SizeText
{
    public static ValueOption.Read<ByteSize> Between(ByteSize minimum, ByteSize maximum) => (string text, out ByteSize value) =>
        ByteSize.TryParse(text, out value) && value >= minimum && value <= maximum
            ? null
            : $"a size between {minimum} and {maximum}, such as 64KiB, 128MiB or 1GiB";

    /// <summary>Parses the size of an optional option.</summary>
    public static ValueOption.Read<ByteSize?> Optional(ByteSize minimum, ByteSize maximum) => (string text, out ByteSize? value) =>
    {
        string? error = Between(minimum, maximum)(text, out ByteSize size);
        value = size;
        return error;
    };
}
