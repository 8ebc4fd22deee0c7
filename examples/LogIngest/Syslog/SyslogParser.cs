using System.Text.Unicode;

namespace LogIngest.Syslog;

/// <summary>Parses the fields of a message in the format of RFC 5424, or of RFC 3164 as senders write it in practice.</summary>
/// <remarks>Parsing never fails. Unreadable parts stay in the text, and a flag marks the message.</remarks>
internal static class SyslogParser
{
    public const int DefaultPriority = 13;

    private const int MaxPriority = 191;
    private const int LongestPriority = 3;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads a message.</summary>
    /// <param name="raw">The bytes of the frame.</param>
    /// <param name="framing">The flags that framing has set.</param>
    /// <param name="received">The time of arrival. A time of RFC 3164 has no year and gets the year that is closest to this time.</param>
    public static SyslogMessage Parse(ReadOnlyMemory<byte> raw, MessageFlags framing, DateTime received)
    {
        ReadOnlyMemory<byte> content = TrimEnd(raw);
        ReadOnlySpan<byte> span = content.Span;
        MessageFlags flags = framing | (Utf8.IsValid(span) ? MessageFlags.None : MessageFlags.InvalidUtf8) | (span.Contains((byte)0) ? MessageFlags.NulBytes : MessageFlags.None);
        if (!TryReadPriority(span, out int priority, out int position))
        {
            return new SyslogMessage { Priority = DefaultPriority, Text = content, Raw = raw, Flags = flags | MessageFlags.BadPriority };
        }

        SyslogMessage message = new() { Priority = priority, Raw = raw, Flags = flags };
        return span[position..].StartsWith("1 "u8) && TryReadStructured(content[(position + 2)..], message, out SyslogMessage structured)
            ? structured
            : ReadTraditional(content[position..], message, received);
    }

    private static bool TryReadPriority(ReadOnlySpan<byte> span, out int priority, out int position)
    {
        priority = 0;
        position = 1;
        if (span.IsEmpty || span[0] != (byte)'<')
        {
            return false;
        }

        for (; position < span.Length && position <= LongestPriority && IsDigit(span[position]); position++)
        {
            priority = (priority * 10) + (span[position] - '0');
        }

        // RFC 5424 allows a leading zero in <0> only.
        bool isWellFormed = position > 1 && position < span.Length && span[position] == (byte)'>' && priority <= MaxPriority && (position == 2 || span[1] != (byte)'0');
        position++;
        return isWellFormed;
    }

    private static bool TryReadStructured(ReadOnlyMemory<byte> rest, SyslogMessage empty, out SyslogMessage message)
    {
        message = empty;
        if (!TryTake(ref rest, 64, out ReadOnlyMemory<byte> time)
            || !TryTake(ref rest, 255, out ReadOnlyMemory<byte> host)
            || !TryTake(ref rest, 48, out ReadOnlyMemory<byte> app)
            || !TryTake(ref rest, 128, out ReadOnlyMemory<byte> process)
            || !TryTake(ref rest, 32, out ReadOnlyMemory<byte> id))
        {
            return false;
        }

        int length = LengthOfData(rest.Span);
        DateTime sent = default;
        if (length < 0 || (!IsNil(time.Span) && !SyslogTime.TryReadInternet(time.Span, out sent)))
        {
            return false;
        }

        ReadOnlyMemory<byte> text = rest[length..];
        text = text.IsEmpty ? text : text[1..];
        message = empty with
        {
            Sent = IsNil(time.Span) ? null : sent,
            Host = OrEmpty(host),
            App = OrEmpty(app),
            Process = OrEmpty(process),
            MessageId = OrEmpty(id),
            Data = OrEmpty(rest[..length]),
            Text = text.Span.StartsWith(ByteOrderMark) ? text[ByteOrderMark.Length..] : text,
        };
        return true;
    }

    /// <summary>Returns the length of the structured data at the beginning; -1 if the span does not start with structured data.</summary>
    private static int LengthOfData(ReadOnlySpan<byte> span)
    {
        int position = 0;
        if (span.StartsWith("-"u8))
        {
            position = 1;
        }
        else
        {
            while (position < span.Length && span[position] == (byte)'[')
            {
                int length = LengthOfElement(span[position..]);
                if (length < 0)
                {
                    return -1;
                }

                position += length;
            }
        }

        return position > 0 && (position == span.Length || span[position] == (byte)' ') ? position : -1;
    }

    private static int LengthOfElement(ReadOnlySpan<byte> span)
    {
        bool isQuoted = false;
        for (int position = 1; position < span.Length; position++)
        {
            switch (span[position])
            {
                case (byte)'\\' when isQuoted:
                    position++;
                    break;
                case (byte)'"':
                    isQuoted = !isQuoted;
                    break;
                case (byte)']' when !isQuoted:
                    return position + 1;
            }
        }

        return -1;
    }

    /// <summary>Parses <c>TIME HOST TAG[PROCESS]: TEXT</c>. The time has the format of RFC 3164 or of RFC 3339; both are common.</summary>
    private static SyslogMessage ReadTraditional(ReadOnlyMemory<byte> rest, SyslogMessage empty, DateTime received)
    {
        int length = SyslogTime.TryReadTraditional(rest.Span, received, out DateTime sent);
        ReadOnlyMemory<byte> behind = length > 0 ? rest[length..] : rest;
        if (length == 0)
        {
            ReadOnlyMemory<byte> left = rest;
            if (TryTake(ref left, 64, out ReadOnlyMemory<byte> time) && SyslogTime.TryReadInternet(time.Span, out sent))
            {
                length = time.Length;
                behind = left;
            }
        }

        if (length == 0 || !TryTake(ref behind, 255, out ReadOnlyMemory<byte> host))
        {
            return empty with { Text = rest, Flags = empty.Flags | MessageFlags.NoHeader };
        }

        ReadOnlySpan<byte> span = behind.Span;
        int end = span.IndexOfAny(": ["u8);
        if (end <= 0 || end > 48 || !IsPrintable(span[..end]))
        {
            return empty with { Sent = sent, Host = host, Text = behind };
        }

        ReadOnlyMemory<byte> process = default;
        int position = end;
        if (span[end] == (byte)'[' && span[end..].IndexOf((byte)']') is var close and > 1 && IsPrintable(span.Slice(end + 1, close - 1)))
        {
            process = behind.Slice(end + 1, close - 1);
            position = end + close + 1;
        }

        if (position >= span.Length || span[position] != (byte)':')
        {
            // The message has no tag, so the first word belongs to the text.
            return empty with { Sent = sent, Host = host, Text = behind };
        }

        ReadOnlyMemory<byte> text = behind[(position + 1)..];
        return empty with { Sent = sent, Host = host, App = behind[..end], Process = process, Text = text.Span.StartsWith(" "u8) ? text[1..] : text };
    }

    /// <summary>Takes a field of printable ASCII up to the next space.</summary>
    private static bool TryTake(ref ReadOnlyMemory<byte> rest, int maxLength, out ReadOnlyMemory<byte> field)
    {
        int length = rest.Span.IndexOf((byte)' ');
        field = length < 0 ? default : rest[..length];
        if (length <= 0 || length > maxLength || !IsPrintable(field.Span))
        {
            return false;
        }

        rest = rest[(length + 1)..];
        return true;
    }

    private static ReadOnlyMemory<byte> TrimEnd(ReadOnlyMemory<byte> raw)
    {
        int length = raw.Length;
        ReadOnlySpan<byte> span = raw.Span;
        while (length > 0 && span[length - 1] is (byte)'\n' or (byte)'\r')
        {
            length--;
        }

        return raw[..length];
    }

    private static ReadOnlyMemory<byte> OrEmpty(ReadOnlyMemory<byte> field) => IsNil(field.Span) ? default : field;

    private static bool IsNil(ReadOnlySpan<byte> field) => field is [(byte)'-'];

    private static bool IsPrintable(ReadOnlySpan<byte> field) => !field.ContainsAnyExceptInRange((byte)33, (byte)126);

    private static bool IsDigit(byte value) => value is >= (byte)'0' and <= (byte)'9';
}
