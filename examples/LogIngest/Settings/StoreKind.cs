namespace LogIngest.Settings;

/// <summary>Specifies a kind of store.</summary>
internal enum StoreKind
{
    /// <summary>A table of a PostgreSQL database.</summary>
    Postgres,

    /// <summary>One file of JSON lines for each writer.</summary>
    File,

    /// <summary>No store: messages are parsed and counted, for measurements.</summary>
    Null,
}
