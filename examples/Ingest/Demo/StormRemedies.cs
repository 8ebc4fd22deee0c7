namespace Ingest.Demo;

/// <summary>Specifies the remedies against a copy storm.</summary>
[Flags]
internal enum StormRemedies
{
    None = 0,

    /// <summary>Connections are moved.</summary>
    Moves = 1,

    /// <summary>Packets are steered.</summary>
    Steering = 2,
}
