namespace Zcrx.Conformance.Differential;

/// <summary>
/// Specifies a step of a program. A step without its precondition (no ring, no held buffer) does nothing on either kernel.
/// </summary>
internal enum OperationKind
{
    /// <summary>Target: the ring. Value: completion entries.</summary>
    OpenRing,

    /// <summary>Target: the ring; its requests and buffers are left as they are.</summary>
    CloseRing,

    /// <summary>Target: the queue. Other: its ring. Value: buffers.</summary>
    Register,

    /// <summary>Target: the ring. Other and Value: what is wrong with the parameters.</summary>
    RegisterInvalid,

    /// <summary>Target: the connection.</summary>
    Connect,

    /// <summary>Target: the connection. Value: bytes.</summary>
    Send,

    /// <summary>Target: the connection, whose sender ends the stream.</summary>
    EndSending,

    /// <summary>Target: the connection, whose sender resets it.</summary>
    Reset,

    /// <summary>Target: the connection, whose receiver wants no more.</summary>
    EndReceiving,

    /// <summary>Target: the connection, whose receiving descriptor is closed.</summary>
    CloseReceiver,

    /// <summary>Target: the connection. Other: the queue. Value: the byte budget.</summary>
    ReceiveFrom,

    /// <summary>Target: the connection. Other: the queue. Value: what is wrong with the request, two things out of a table.</summary>
    ReceiveInvalid,

    /// <summary>Target: the connection, whose request is cancelled. Other: the queue, on whose ring. Value: how.</summary>
    Cancel,

    /// <summary>Target: the queue. Value: how many buffers.</summary>
    Return,

    /// <summary>Target: the queue. One held buffer, two entries.</summary>
    ReturnTwice,

    /// <summary>Target: the queue. Value: what is wrong with the entry.</summary>
    ReturnInvalid,

    /// <summary>Target: the queue.</summary>
    Flush,

    /// <summary>Target: the queue. Value: how far beyond what the refill ring can hold its tail is set for one flush.</summary>
    CorruptTail,

    /// <summary>Target: the queue, whose shared head is overwritten.</summary>
    CorruptHead,

    /// <summary>Target: the queue. Value: the notification type.</summary>
    Arm,

    /// <summary>Target: the queue. Value: what is wrong with the control call, two things out of a table.</summary>
    ControlInvalid,

    /// <summary>Target: the export. Other: the queue.</summary>
    Export,

    /// <summary>Target: the export.</summary>
    CloseExport,

    /// <summary>Target: the queue. Other: the ring that imports. Value: the export.</summary>
    Import,

    /// <summary>Target: the ring that imports. Other: the export. Value: what is wrong.</summary>
    ImportInvalid,

    /// <summary>Target: the queue. Value: buffers of the new area.</summary>
    AddArea,

    /// <summary>
    /// Target: the connection. Value: the RX queue that its packets arrive on from now on; 2 is a queue that no program takes.
    /// </summary>
    Steer,

    /// <summary>The link, until <see cref="LinkUp"/>: nothing arrives.</summary>
    LinkDown,

    /// <summary>The link again.</summary>
    LinkUp,

    /// <summary>Target: the connection, over which so much is sent that its queue has no buffers left; then they are returned, and the rest arrives.</summary>
    Exhaust,
}
