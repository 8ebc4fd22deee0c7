namespace LogIngest.Syslog;

/// <summary>Represents the fields of one message as slices of its bytes. An absent field is empty.</summary>
/// <remarks>Ownership: the fields are valid as long as the parsed bytes.</remarks>
internal readonly record struct SyslogMessage
{
    /// <summary>
    /// Gets the priority: facility times 8 plus severity. A message without a priority gets 13 (user, notice), as RFC 3164 requires.
    /// </summary>
    public int Priority { get; init; }

    /// <summary>Gets the sender's time; null if the message has no readable time.</summary>
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

    /// <summary>Gets a value indicating whether the message is not valid text, so its raw bytes are stored instead.</summary>
    public bool IsBinary => (Flags & (MessageFlags.InvalidUtf8 | MessageFlags.NulBytes)) != MessageFlags.None;
}
