namespace LogIngest.Settings;

/// <summary>Specifies the treatment of messages that are not valid.</summary>
internal enum BadInputPolicy
{
    /// <summary>Stores them as received, with their flags.</summary>
    Store,

    /// <summary>Counts and drops them. A connection whose framing is lost is reset.</summary>
    Refuse,
}
