namespace LogIngest.Syslog;

/// <summary>Specifies the faults of a message. The values are stored, so they never change.</summary>
[Flags]
internal enum MessageFlags
{
    None = 0,

    /// <summary>A piece of a message over the limit.</summary>
    TooLong = 1,

    /// <summary>Bytes where an octet count should be, or fewer bytes than the count announces.</summary>
    BadFraming = 2,

    /// <summary>The stream ended before the line or the counted message did.</summary>
    Unterminated = 4,

    /// <summary>No priority from 0 to 191 in front.</summary>
    BadPriority = 8,

    /// <summary>A priority, but no header of RFC 5424 or RFC 3164 behind it.</summary>
    NoHeader = 16,

    /// <summary>Bytes that are not UTF-8.</summary>
    InvalidUtf8 = 32,

    /// <summary>NUL bytes.</summary>
    NulBytes = 64,

    /// <summary>The database refused a value of the batch, so that its messages are stored without their fields.</summary>
    FieldsRefused = 128,

    /// <summary>All flags of messages that the policy Refuse does not store. The others occur in honest traffic.</summary>
    Bad = TooLong | BadFraming | BadPriority | InvalidUtf8 | NulBytes,
}
