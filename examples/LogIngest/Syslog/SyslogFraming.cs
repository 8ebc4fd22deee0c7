using System.Buffers;
using LogIngest.Settings;
using Zcrx.Rx;

namespace LogIngest.Syslog;

/// <summary>
/// Finds the messages of one connection (RFC 6587). The first byte of the stream decides between octet counts and trailers.
/// </summary>
/// <remarks>
/// <para>
/// Each connection has its own instance, which stores the kind of framing and the remaining length of a message over the limit. The tag of
/// each frame contains its <see cref="MessageFlags"/>.
/// </para>
/// <para>
/// A line feed and NUL both end an uncounted message: RFC 6587, 3.4.2 lets the sender choose its trailer. The first of the
/// two bytes in a stream need not be the trailer, because a message may contain the other byte.
/// </para>
/// <para>A message over the limit is split into pieces: memory stays bounded, and framing continues after the message. If an octet count
/// is missing, the rest of the line is one damaged message.</para>
/// </remarks>
internal sealed class SyslogFraming(int maxLength, BadInputPolicy badInput) : IFrameParser
{
    private const byte LineFeed = (byte)'\n';
    private const int MaxDigits = 10;
    // Some senders end counted messages with line feeds that the count does not include.
    private const int MaxLineFeeds = 4;
    private const int LongestSequence = 4;

    private Mode _mode;
    // The number of remaining bytes of a counted message over the limit.
    private long _left;
    private bool _isInsideLine;
    // The header of the next counted message, as the last call of Parse has found it. ParseEnd reads it when the stream has ended.
    private CountHeader _header;

    private enum Mode
    {
        Unknown,
        Counted,
        Lines,
        // The connection has lost its counted framing. The bytes up to the next line feed are one damaged message.
        Damaged,
    }

    /// <inheritdoc/>
    public int MaxOverhead => MaxLineFeeds + MaxDigits + 1;

    /// <inheritdoc/>
    public FrameDecision Parse(in ReadOnlySequence<byte> buffered, long seen)
    {
        if (_mode == Mode.Unknown)
        {
            _mode = IsFirstDigit(First(in buffered)) ? Mode.Counted : Mode.Lines;
        }

        return _mode == Mode.Counted ? ParseCounted(in buffered) : ParseLine(in buffered, seen);
    }

    /// <inheritdoc/>
    public FrameDecision ParseEnd(in ReadOnlySequence<byte> rest)
    {
        if (_mode != Mode.Counted)
        {
            return FrameDecision.Frame(0, rest.Length) with { Tag = (int)(LineFlags | MessageFlags.Unterminated) };
        }

        if (_header.IsIncomplete && ReadHeader(in rest).LineFeeds == rest.Length)
        {
            // Only line feeds follow the last message. They become an empty frame, which is not stored.
            return FrameDecision.Frame((int)rest.Length, 0);
        }

        if (badInput == BadInputPolicy.Refuse)
        {
            return FrameDecision.Error("the stream ended inside a counted message");
        }

        return FrameDecision.Frame(_header.Length, rest.Length - _header.Length) with { Tag = (int)(MessageFlags.BadFraming | MessageFlags.Unterminated) };
    }

    private MessageFlags LineFlags =>
        (_mode == Mode.Damaged ? MessageFlags.BadFraming : MessageFlags.None) | (_isInsideLine ? MessageFlags.TooLong : MessageFlags.None);

    private FrameDecision ParseCounted(in ReadOnlySequence<byte> buffered)
    {
        if (_left > 0)
        {
            _header = default;
            long piece = Math.Min(_left, maxLength);
            _left -= piece;
            return FrameDecision.Frame(0, piece) with { Tag = (int)MessageFlags.TooLong };
        }

        CountHeader header = _header = ReadHeader(in buffered);
        if (header.IsIncomplete)
        {
            return FrameDecision.NeedMore();
        }

        if (!header.IsWhole)
        {
            if (badInput == BadInputPolicy.Refuse)
            {
                return FrameDecision.Error("no octet count is where the next message should begin");
            }

            _mode = Mode.Damaged;
            return ParseLine(in buffered, seen: 0);
        }

        if (header.Count <= maxLength)
        {
            return FrameDecision.Frame(header.Length, header.Count);
        }

        _left = header.Count - maxLength;
        return FrameDecision.Frame(header.Length, maxLength) with { Tag = (int)MessageFlags.TooLong };
    }

    private FrameDecision ParseLine(in ReadOnlySequence<byte> buffered, long seen)
    {
        // The search begins at 0 while at most MaxOverhead bytes were seen. Those may have been read only as an octet count.
        long searched = seen <= MaxOverhead ? 0 : seen;
        SequenceReader<byte> reader = new(buffered.Slice(searched));
        long length = reader.TryAdvanceToAny(_mode == Mode.Damaged ? "\n"u8 : "\n\0"u8, advancePastDelimiter: false) ? searched + reader.Consumed : -1;
        if (length < 0 && buffered.Length <= maxLength)
        {
            return FrameDecision.NeedMore();
        }

        if (length >= 0 && length <= maxLength)
        {
            MessageFlags flags = LineFlags;
            _isInsideLine = false;
            _mode = _mode == Mode.Damaged ? Mode.Counted : _mode;
            return FrameDecision.Frame(0, length, trailing: 1) with { Tag = (int)flags };
        }

        _isInsideLine = true;
        return FrameDecision.Frame(0, PieceOf(in buffered)) with { Tag = (int)LineFlags };
    }

    /// <summary>Returns the length of the first piece of a line over the limit. The piece does not end inside a UTF-8 character.</summary>
    private int PieceOf(in ReadOnlySequence<byte> buffered)
    {
        Span<byte> last = stackalloc byte[LongestSequence];
        int count = Math.Min(LongestSequence, maxLength);
        last = last[..count];
        // Copies the bytes that could begin the next piece, to find one that begins a UTF-8 character.
        buffered.Slice(maxLength - count + 1, count).CopyTo(last);
        for (int back = 0; back < count; back++)
        {
            if ((last[count - 1 - back] & 0xC0) != 0x80)
            {
                return Math.Max(1, maxLength - back);
            }
        }

        return maxLength;
    }

    private static CountHeader ReadHeader(in ReadOnlySequence<byte> buffered)
    {
        Span<byte> bytes = stackalloc byte[MaxLineFeeds + MaxDigits + 1];
        int available = (int)Math.Min(bytes.Length, buffered.Length);
        bytes = bytes[..available];
        buffered.Slice(0, available).CopyTo(bytes);
        int lineFeeds = 0;
        while (lineFeeds < Math.Min(available, MaxLineFeeds) && bytes[lineFeeds] == LineFeed)
        {
            lineFeeds++;
        }

        int position = lineFeeds;
        long count = 0;
        while (position < available && position - lineFeeds < MaxDigits && bytes[position] is >= (byte)'0' and <= (byte)'9')
        {
            count = (count * 10) + (bytes[position++] - '0');
        }

        bool beginsWell = position == lineFeeds || IsFirstDigit(bytes[lineFeeds]);
        if (position == available && beginsWell)
        {
            return new CountHeader(lineFeeds, 0, 0, IsIncomplete: true);
        }

        return beginsWell && position > lineFeeds && bytes[position] == (byte)' '
            ? new CountHeader(lineFeeds, position + 1, count, IsIncomplete: false)
            : new CountHeader(lineFeeds, 0, 0, IsIncomplete: false);
    }

    private static byte First(in ReadOnlySequence<byte> buffered)
    {
        SequenceReader<byte> reader = new(buffered);
        reader.TryPeek(out byte first);
        return first;
    }

    private static bool IsFirstDigit(byte value) => value is >= (byte)'1' and <= (byte)'9';

    /// <summary>Represents the bytes before a counted message.</summary>
    /// <param name="LineFeeds">The number of line feeds before the count.</param>
    /// <param name="Length">The number of bytes before the message; 0 if the count is invalid or incomplete.</param>
    /// <param name="Count">The number of bytes of the message.</param>
    /// <param name="IsIncomplete">Whether more bytes are needed to decide.</param>
    private readonly record struct CountHeader(int LineFeeds, int Length, long Count, bool IsIncomplete)
    {
        public bool IsWhole => Length > 0;
    }
}
