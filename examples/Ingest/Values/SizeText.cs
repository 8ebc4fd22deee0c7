using Zcrx.Rx;

namespace Ingest.Values;

/// <summary>Sizes on the command line: <c>64KiB</c>, <c>128MiB</c>, <c>4096</c>.</summary>
internal static class SizeText
{
    public static ValueOption.Read<ByteSize> Between(ByteSize minimum, ByteSize maximum) => (string text, out ByteSize value) =>
        ByteSize.TryParse(text, out value) && value >= minimum && value <= maximum
            ? null
            : $"a size between {minimum} and {maximum}, such as 64KiB, 128MiB or 1GiB";

    /// <summary>The same, for an option that need not be given.</summary>
    public static ValueOption.Read<ByteSize?> Optional(ByteSize minimum, ByteSize maximum) => (string text, out ByteSize? value) =>
    {
        string? error = Between(minimum, maximum)(text, out ByteSize size);
        value = size;
        return error;
    };
}
