namespace LogIngest.Settings;

/// <summary>Determines what happens to messages that are not valid.</summary>
internal enum BadInputPolicy
{
    /// <summary>They are stored as received, with their flags.</summary>
    Store,

    /// <summary>They are counted and dropped. A connection whose framing is lost is reset.</summary>
    Refuse,
}
