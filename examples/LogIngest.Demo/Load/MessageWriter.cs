using System.Buffers;
using System.Globalization;
using System.Text;

namespace LogIngest.Demo.Load;

/// <summary>Writes numbered messages. The number identifies a message in the store.</summary>
/// <param name="run">The name of the run, which each message has as its application name.</param>
/// <param name="format">The format of the messages.</param>
/// <param name="textLength">The length of the text after the number.</param>
internal sealed class MessageWriter(string run, MessageFormat format, int textLength)
{
    private readonly string _text = string.Concat(Enumerable.Repeat("the quick brown fox jumps over the lazy dog ", (textLength / 44) + 1))[..textLength];

    /// <summary>Writes a message.</summary>
    /// <returns>The number of bytes.</returns>
    public int Write(IBufferWriter<byte> target, long number)
    {
        DateTime now = DateTime.UtcNow;
        string message = format == MessageFormat.Traditional
            ? string.Create(CultureInfo.InvariantCulture, $"<14>{now:MMM} {now.Day,2} {now:HH:mm:ss} demo {run}: {number} {_text}\n")
            : string.Create(CultureInfo.InvariantCulture, $"<14>1 {now:yyyy-MM-ddTHH:mm:ss.ffffffZ} demo {run} - - - {number} {_text}{(format == MessageFormat.Lines ? "\n" : "")}");
        int written = 0;
        if (format == MessageFormat.Counted)
        {
            Span<byte> count = target.GetSpan(12);
            message.Length.TryFormat(count, out written, provider: CultureInfo.InvariantCulture);
            count[written++] = (byte)' ';
            target.Advance(written);
        }

        Span<byte> bytes = target.GetSpan(message.Length);
        int length = Encoding.ASCII.GetBytes(message, bytes);
        target.Advance(length);
        return written + length;
    }
}
