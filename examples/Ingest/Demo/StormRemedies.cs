namespace Ingest.Demo;

/// <summary>Specifies the remedies against a copy storm.</summary>
[Flags]
internal enum StormRemedies
{
    None = 0,

    /// <summary>Moves connections.</summary>
    Moves = 1,

    /// <summary>Steers packets.</summary>
    Steering = 2,
}
