using System.Buffers;
using LogIngest.Syslog;

namespace LogIngest.Storing;

/// <summary>Represents one received message. Its bytes are still in the receive buffers.</summary>
/// <param name="Stream">The connection.</param>
/// <param name="Position">The position in the stream at which the message begins.</param>
/// <param name="Received">The time of arrival.</param>
/// <param name="Framing">The flags that framing has set.</param>
/// <param name="Bytes">The bytes, valid until the batch is stored.</param>
internal readonly record struct LogEntry(LogStream Stream, long Position, DateTime Received, MessageFlags Framing, ReadOnlySequence<byte> Bytes);
