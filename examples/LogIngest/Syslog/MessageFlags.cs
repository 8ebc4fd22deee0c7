namespace LogIngest.Syslog;

/// <summary>Specifies the faults of a message. The values are stored in the database and must never change.</summary>
[Flags]
internal enum MessageFlags
{
    None = 0,

    /// <summary>The bytes are a piece of a message that exceeds the limit.</summary>
    TooLong = 1,

    /// <summary>The message does not start with an octet count, or has fewer bytes than the count says.</summary>
    BadFraming = 2,

    /// <summary>The stream ended before the end of the line or of the counted message.</summary>
    Unterminated = 4,

    /// <summary>The message does not start with a priority from 0 to 191.</summary>
    BadPriority = 8,

    /// <summary>The message has a priority, but no header of RFC 5424 or RFC 3164 follows.</summary>
    NoHeader = 16,

    /// <summary>The message contains bytes that are not UTF-8.</summary>
    InvalidUtf8 = 32,

    /// <summary>The message contains NUL bytes.</summary>
    NulBytes = 64,

    /// <summary>The database refused a value of the batch, so the messages of the batch are stored without their fields.</summary>
    FieldsRefused = 128,

    /// <summary>
    /// Combines the flags for which the policy Refuse drops a message. The other flags also occur in legitimate traffic.
    /// </summary>
    Bad = TooLong | BadFraming | BadPriority | InvalidUtf8 | NulBytes,
}
