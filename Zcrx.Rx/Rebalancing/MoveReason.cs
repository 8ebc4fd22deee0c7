namespace Zcrx.Rx;

/// <summary>Why a connection goes over to another queue.</summary>
public enum MoveReason
{
    /// <summary>It has been accepted, and its packets arrive there; or that queue has the least to do.</summary>
    Placement,

    /// <summary>What comes next lies in the other queue's memory, so that nobody else can receive it. Never asked for: the alternative is a broken stream.</summary>
    ForeignMemory,

    /// <summary>The kernel copies what it receives, because its packets arrive elsewhere.</summary>
    CopyStorm,

    /// <summary>Its queue stays under pressure while another has little to do.</summary>
    Pressure,
}
