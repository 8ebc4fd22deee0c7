namespace LogIngest.Demo.Load;

/// <summary>Determines how a sender writes its messages.</summary>
internal enum MessageFormat
{
    /// <summary>RFC 5424 behind an octet count.</summary>
    Counted,

    /// <summary>RFC 5424, one message a line.</summary>
    Lines,

    /// <summary>RFC 3164, one message a line.</summary>
    Traditional,
}
