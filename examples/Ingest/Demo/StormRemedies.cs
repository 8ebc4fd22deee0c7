namespace Ingest.Demo;

/// <summary>What can be done about a copy storm.</summary>
[Flags]
internal enum StormRemedies
{
    None = 0,

    /// <summary>Connections are moved.</summary>
    Moves = 1,

    /// <summary>Packets are steered.</summary>
    Steering = 2,
}
