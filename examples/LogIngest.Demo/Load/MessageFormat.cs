namespace LogIngest.Demo.Load;

/// <summary>Specifies the format and framing of a sender's messages.</summary>
internal enum MessageFormat
{
    /// <summary>RFC 5424, after an octet count.</summary>
    Counted,

    /// <summary>RFC 5424, one message per line.</summary>
    Lines,

    /// <summary>RFC 3164, one message per line.</summary>
    Traditional,
}
