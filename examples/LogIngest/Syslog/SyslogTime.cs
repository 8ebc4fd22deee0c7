using System.Buffers.Text;

namespace LogIngest.Syslog;

/// <summary>Parses the times of messages and converts them to UTC.</summary>
internal static class SyslogTime
{
    private const int TraditionalLength = 16;
    private const int SecondsLength = 19;
    private const int TicksDigits = 7;

    private static ReadOnlySpan<byte> Months => "JanFebMarAprMayJunJulAugSepOctNovDec"u8;

    /// <summary>Parses a time of RFC 3339: <c>2026-11-27T10:02:26.5+01:00</c>, with up to nine digits for fractions of a second.</summary>
    /// <remarks>Some senders omit the zone. Such a time is taken as UTC.</remarks>
    public static bool TryReadInternet(ReadOnlySpan<byte> span, out DateTime time)
    {
        time = default;
        if (span.Length < SecondsLength
            || span[4] != (byte)'-' || span[7] != (byte)'-' || span[10] is not ((byte)'T' or (byte)'t' or (byte)' ') || span[13] != (byte)':' || span[16] != (byte)':'
            || !TryRead(span[..4], out int year) || !TryRead(span.Slice(5, 2), out int month) || !TryRead(span.Slice(8, 2), out int day)
            || !TryRead(span.Slice(11, 2), out int hour) || !TryRead(span.Slice(14, 2), out int minute) || !TryRead(span.Slice(17, 2), out int second))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = span[SecondsLength..];
        long ticks = 0;
        if (rest.StartsWith("."u8))
        {
            int digits = 1;
            while (digits < rest.Length && rest[digits] is >= (byte)'0' and <= (byte)'9')
            {
                ticks = digits <= TicksDigits ? (ticks * 10) + (rest[digits] - '0') : ticks;
                digits++;
            }

            if (digits is 1 or > 10)
            {
                return false;
            }

            for (int missing = digits; missing <= TicksDigits; missing++)
            {
                ticks *= 10;
            }

            rest = rest[digits..];
        }

        return TryReadOffset(rest, out TimeSpan offset) && TryCreate(year, month, day, hour, minute, second, out time) && TryShift(ref time, ticks, offset);
    }

    /// <summary>Parses a time of RFC 3164: <c>Nov 27 10:02:26 </c>. The time has no year and no zone. It is taken as UTC.</summary>
    /// <param name="span">The bytes, which may begin with a time.</param>
    /// <param name="received">The time of arrival. The result gets the year that is closest to this time.</param>
    /// <param name="time">The time.</param>
    /// <returns>The number of parsed bytes, including the space after the time; 0 if the bytes do not begin with a time.</returns>
    public static int TryReadTraditional(ReadOnlySpan<byte> span, DateTime received, out DateTime time)
    {
        time = default;
        if (span.Length < TraditionalLength
            || span[3] != (byte)' ' || span[6] != (byte)' ' || span[9] != (byte)':' || span[12] != (byte)':' || span[15] != (byte)' '
            || !TryRead(span.Slice(7, 2), out int hour) || !TryRead(span.Slice(10, 2), out int minute) || !TryRead(span.Slice(13, 2), out int second)
            || !TryRead(span[4] == (byte)' ' ? span.Slice(5, 1) : span.Slice(4, 2), out int day)
            || Months.IndexOf(span[..3]) is not (>= 0 and var month) || month % 3 != 0)
        {
            return 0;
        }

        bool isFound = false;
        for (int year = received.Year - 1; year <= received.Year + 1; year++)
        {
            if (TryCreate(year, (month / 3) + 1, day, hour, minute, second, out DateTime candidate) && (!isFound || (candidate - received).Duration() < (time - received).Duration()))
            {
                time = candidate;
                isFound = true;
            }
        }

        return isFound ? TraditionalLength : 0;
    }

    private static bool TryReadOffset(ReadOnlySpan<byte> span, out TimeSpan offset)
    {
        offset = default;
        if (span is [] or [(byte)'Z'] or [(byte)'z'])
        {
            return true;
        }

        if (span is not [(byte)'+' or (byte)'-', _, _, (byte)':', _, _] || !TryRead(span.Slice(1, 2), out int hours) || !TryRead(span.Slice(4, 2), out int minutes) || hours > 23 || minutes > 59)
        {
            return false;
        }

        offset = new TimeSpan(hours, minutes, 0);
        offset = span[0] == (byte)'-' ? -offset : offset;
        return true;
    }

    private static bool TryCreate(int year, int month, int day, int hour, int minute, int second, out DateTime time)
    {
        time = default;
        if (year is < 1 or > 9999 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
        {
            return false;
        }

        time = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc);
        return true;
    }

    private static bool TryShift(ref DateTime time, long ticks, TimeSpan offset)
    {
        long shifted = time.Ticks + ticks - offset.Ticks;
        if (shifted < DateTime.MinValue.Ticks || shifted > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        time = new DateTime(shifted, DateTimeKind.Utc);
        return true;
    }

    private static bool TryRead(ReadOnlySpan<byte> digits, out int value) =>
        Utf8Parser.TryParse(digits, out value, out int consumed, 'D') && consumed == digits.Length && digits[0] is >= (byte)'0' and <= (byte)'9';
}
