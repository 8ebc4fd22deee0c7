namespace Zcrx.Conformance.Differential;

/// <summary>
/// Specifies what an operation does. An operation whose precondition is missing, such as a ring or a held buffer, does nothing.
/// </summary>
internal enum OperationKind
{
    /// <summary>Opens the ring <c>Target</c> with <c>Value</c> completion entries.</summary>
    OpenRing,

    /// <summary>Closes the ring <c>Target</c> with all its requests. Held buffers are not returned first.</summary>
    CloseRing,

    /// <summary>Registers the queue <c>Target</c> with the ring <c>Other</c>. The queue has <c>Value</c> buffers.</summary>
    Register,

    /// <summary>
    /// Registers with the ring <c>Target</c> and two mistakes in the parameters. <c>Other</c> and <c>Value</c> select the mistakes.
    /// </summary>
    RegisterInvalid,

    /// <summary>Opens the connection <c>Target</c>.</summary>
    Connect,

    /// <summary>Sends <c>Value</c> bytes over the connection <c>Target</c>.</summary>
    Send,

    /// <summary>Ends the stream of the connection <c>Target</c> on the sender's side.</summary>
    EndSending,

    /// <summary>Resets the connection <c>Target</c> on the sender's side.</summary>
    Reset,

    /// <summary>Shuts down the receiving side of the connection <c>Target</c>.</summary>
    EndReceiving,

    /// <summary>Closes the receiving descriptor of the connection <c>Target</c>.</summary>
    CloseReceiver,

    /// <summary>Starts a receive for the connection <c>Target</c> on the queue <c>Other</c>, with a budget of <c>Value</c> bytes.</summary>
    ReceiveFrom,

    /// <summary>
    /// Starts a receive with two mistakes for the connection <c>Target</c> on the queue <c>Other</c>. <c>Value</c> selects the mistakes.
    /// </summary>
    ReceiveInvalid,

    /// <summary>
    /// Cancels the request of the connection <c>Target</c> through the ring of the queue <c>Other</c>. <c>Value</c> contains the cancel
    /// flags.
    /// </summary>
    Cancel,

    /// <summary>Returns up to <c>Value</c> held buffers to the queue <c>Target</c>.</summary>
    Return,

    /// <summary>Returns one held buffer to the queue <c>Target</c> by two refill entries.</summary>
    ReturnTwice,

    /// <summary>Writes an invalid refill entry to the queue <c>Target</c>. <c>Value</c> selects the mistake.</summary>
    ReturnInvalid,

    /// <summary>Flushes the refill queue of the queue <c>Target</c>.</summary>
    Flush,

    /// <summary>
    /// Sets the refill tail of the queue <c>Target</c> too far ahead for one flush. <c>Value</c> is the number of entries beyond the
    /// capacity of the refill queue.
    /// </summary>
    CorruptTail,

    /// <summary>Overwrites the refill head of the queue <c>Target</c>, which the kernel shares with the program.</summary>
    CorruptHead,

    /// <summary>Arms a notification of the queue <c>Target</c>. <c>Value</c> is the type.</summary>
    Arm,

    /// <summary>Makes a control call with two mistakes on the queue <c>Target</c>. <c>Value</c> selects the mistakes.</summary>
    ControlInvalid,

    /// <summary>Exports the queue <c>Other</c> as the export <c>Target</c>.</summary>
    Export,

    /// <summary>Closes the descriptor of the export <c>Target</c>.</summary>
    CloseExport,

    /// <summary>Imports the export <c>Value</c> into the ring <c>Other</c>, as the queue <c>Target</c>.</summary>
    Import,

    /// <summary>Imports the export <c>Other</c> into the ring <c>Target</c> with a mistake. <c>Value</c> selects the mistake.</summary>
    ImportInvalid,

    /// <summary>Adds an area of <c>Value</c> buffers to the queue <c>Target</c>.</summary>
    AddArea,

    /// <summary>
    /// Steers the packets of the connection <c>Target</c> to the RX queue <c>Value</c>. 2 is an RX queue that no program registers.
    /// </summary>
    Steer,

    /// <summary>Takes the link down. No packets arrive until <see cref="LinkUp"/>.</summary>
    LinkDown,

    /// <summary>Takes the link up again.</summary>
    LinkUp,

    /// <summary>
    /// Exhausts the pool: sends over the connection <c>Target</c> until its queue has no buffer left. Then keeps returning buffers until
    /// all bytes have arrived.
    /// </summary>
    Exhaust,
}
