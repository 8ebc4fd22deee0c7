using System.Buffers;
using LogIngest.Reporting;
using LogIngest.Settings;
using LogIngest.Syslog;

namespace LogIngest.Storing;

/// <summary>Parses the messages of a batch one after another and counts invalid ones. One writer uses it at a time.</summary>
internal sealed class MessageReader(BadInputPolicy badInput, IngestMetrics metrics)
{
    // Joins the parts of a message that lies in several buffers.
    private byte[] _joined = [];

    /// <summary>Reads one message.</summary>
    /// <param name="entry">The message.</param>
    /// <param name="isFirstAttempt">Whether to count the message. A batch may be read again after a failure.</param>
    /// <param name="message">The fields, valid until the next call.</param>
    /// <returns>False if the message is refused.</returns>
    public bool TryRead(in LogEntry entry, bool isFirstAttempt, out SyslogMessage message)
    {
        message = SyslogParser.Parse(Join(entry.Bytes), entry.Framing, entry.Received);
        bool isRefused = badInput == BadInputPolicy.Refuse && (message.Flags & MessageFlags.Bad) != MessageFlags.None;
        if (isFirstAttempt && message.Flags != MessageFlags.None)
        {
            metrics.CountFlagged(message.Flags, isRefused);
        }

        return !isRefused;
    }

    private ReadOnlyMemory<byte> Join(in ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsSingleSegment)
        {
            return bytes.First;
        }

        int length = (int)bytes.Length;
        if (_joined.Length < length)
        {
            _joined = new byte[Math.Max(length, 2 * _joined.Length)];
        }

        bytes.CopyTo(_joined);
        return _joined.AsMemory(0, length);
    }
}
