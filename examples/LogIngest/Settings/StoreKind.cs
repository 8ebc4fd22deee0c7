namespace LogIngest.Settings;

/// <summary>Determines where messages go.</summary>
internal enum StoreKind
{
    /// <summary>A table of a PostgreSQL database.</summary>
    Postgres,

    /// <summary>One file of JSON lines for each writer.</summary>
    File,

    /// <summary>Nowhere: messages are parsed and counted. For measurements.</summary>
    Null,
}
