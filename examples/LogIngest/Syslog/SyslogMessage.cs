namespace LogIngest.Syslog;

/// <summary>Represents the fields of one message, as parts of its bytes. A field that is absent is empty.</summary>
/// <remarks>Ownership: valid as long as the bytes that were parsed.</remarks>
internal readonly record struct SyslogMessage
{
    /// <summary>Gets facility times 8 plus severity. 13 (user, notice) where the message has none, as RFC 3164 says.</summary>
    public int Priority { get; init; }

    /// <summary>Gets the sender's time; null where the message has none that can be read.</summary>
    public DateTime? Sent { get; init; }

    public ReadOnlyMemory<byte> Host { get; init; }

    public ReadOnlyMemory<byte> App { get; init; }

    public ReadOnlyMemory<byte> Process { get; init; }

    public ReadOnlyMemory<byte> MessageId { get; init; }

    /// <summary>Gets the structured data of RFC 5424, as received.</summary>
    public ReadOnlyMemory<byte> Data { get; init; }

    public ReadOnlyMemory<byte> Text { get; init; }

    /// <summary>Gets all bytes, as received.</summary>
    public ReadOnlyMemory<byte> Raw { get; init; }

    public MessageFlags Flags { get; init; }

    /// <summary>Gets a value indicating whether the text cannot be stored as text, so that the bytes are stored.</summary>
    public bool IsBinary => (Flags & (MessageFlags.InvalidUtf8 | MessageFlags.NulBytes)) != MessageFlags.None;
}
