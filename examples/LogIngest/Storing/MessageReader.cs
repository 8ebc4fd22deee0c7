using System.Buffers;
using LogIngest.Settings;
using LogIngest.Syslog;

namespace LogIngest.Storing;

/// <summary>Parses the messages of a batch one after another and decides which are refused. One writer uses it at a time.</summary>
internal sealed class MessageReader(BadInputPolicy badInput)
{
    // Joins the parts of a message that lies in several buffers.
    private byte[] _joined = [];

    /// <summary>Reads one message.</summary>
    /// <param name="entry">The message.</param>
    /// <param name="invalid">Counts the message if it is invalid.</param>
    /// <param name="message">The fields, valid until the next call.</param>
    /// <returns>False if the message is refused.</returns>
    public bool TryRead(in LogEntry entry, InvalidMessages invalid, out SyslogMessage message)
    {
        message = SyslogParser.Parse(Join(entry.Bytes), entry.Framing, entry.Received);
        bool isRefused = badInput == BadInputPolicy.Refuse && (message.Flags & MessageFlags.Bad) != MessageFlags.None;
        invalid.Count(message.Flags, isRefused);
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
