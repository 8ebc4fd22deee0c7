namespace Zcrx.Conformance.Differential;

/// <summary>
/// Specifies a step of a program. A step without its precondition (no ring, no held buffer) does nothing on either kernel.
/// </summary>
internal enum OperationKind
{
    /// <summary>Target: the ring. Value: completion entries.</summary>
    OpenRing,

    /// <summary>Target: the ring, which is closed with all its requests and without returning buffers.</summary>
    CloseRing,

    /// <summary>Target: the queue. Other: its ring. Value: buffers.</summary>
    Register,

    /// <summary>Target: the ring. Other and Value: the mistakes in the parameters.</summary>
    RegisterInvalid,

    /// <summary>Target: the connection.</summary>
    Connect,

    /// <summary>Target: the connection. Value: bytes.</summary>
    Send,

    /// <summary>Target: the connection, whose sender ends the stream.</summary>
    EndSending,

    /// <summary>Target: the connection, whose sender resets it.</summary>
    Reset,

    /// <summary>Target: the connection, whose receiver shuts down its receiving side.</summary>
    EndReceiving,

    /// <summary>Target: the connection, whose receiving descriptor is closed.</summary>
    CloseReceiver,

    /// <summary>Target: the connection. Other: the queue. Value: the byte budget.</summary>
    ReceiveFrom,

    /// <summary>Target: the connection. Other: the queue. Value: the mistakes in the request, two out of a table.</summary>
    ReceiveInvalid,

    /// <summary>
    /// Target: the connection, whose request is cancelled. Other: the queue, whose ring issues the cancel request. Value: the cancel flags.
    /// </summary>
    Cancel,

    /// <summary>Target: the queue. Value: the number of buffers.</summary>
    Return,

    /// <summary>Target: the queue, to which one held buffer is returned by two entries.</summary>
    ReturnTwice,

    /// <summary>Target: the queue. Value: the mistake in the entry.</summary>
    ReturnInvalid,

    /// <summary>Target: the queue.</summary>
    Flush,

    /// <summary>
    /// Target: the queue, whose refill tail is set too far ahead for one flush. Value: the number of entries beyond the capacity of the
    /// refill ring.
    /// </summary>
    CorruptTail,

    /// <summary>Target: the queue, whose shared head is overwritten.</summary>
    CorruptHead,

    /// <summary>Target: the queue. Value: the notification type.</summary>
    Arm,

    /// <summary>Target: the queue. Value: the mistakes in the control call, two out of a table.</summary>
    ControlInvalid,

    /// <summary>Target: the export. Other: the queue.</summary>
    Export,

    /// <summary>Target: the export.</summary>
    CloseExport,

    /// <summary>Target: the queue. Other: the importing ring. Value: the export.</summary>
    Import,

    /// <summary>Target: the importing ring. Other: the export. Value: the mistake.</summary>
    ImportInvalid,

    /// <summary>Target: the queue. Value: the number of buffers of the new area.</summary>
    AddArea,

    /// <summary>
    /// Target: the connection. Value: the RX queue on which its packets arrive from now on. 2 is an RX queue that no program registers.
    /// </summary>
    Steer,

    /// <summary>Takes the link down until <see cref="LinkUp"/>. No packets arrive.</summary>
    LinkDown,

    /// <summary>Takes the link up again.</summary>
    LinkUp,

    /// <summary>
    /// Target: the connection, over which enough bytes are sent for its queue to run out of buffers. The buffers are then returned, and the
    /// rest arrives.
    /// </summary>
    Exhaust,
}
