namespace Zcrx.Conformance.Differential;

/// <summary>
/// Represents one operation of a program. It names slots instead of objects. An operation on an empty slot does nothing, so any part of a
/// program is a valid program.
/// </summary>
internal readonly record struct Operation(OperationKind Kind, int Target = 0, int Other = 0, int Value = 0)
{
    /// <summary>Gets a value that indicates whether the operation is an action of a connection's sender.</summary>
    /// <remarks>
    /// The ring does not run between such an operation and the next one if the two are joined. It then observes both at once.
    /// </remarks>
    public bool IsSenders => Kind is OperationKind.Send or OperationKind.EndSending or OperationKind.Reset;

    /// <summary>
    /// Gets a value that indicates whether the next operation follows before the ring runs again. Only operations of a sender are joined.
    /// </summary>
    public bool IsJoined { get; init; }

    public override string ToString() => Kind switch
    {
        OperationKind.OpenRing => $"open ring {Target} with {Value} completions",
        OperationKind.CloseRing => $"close ring {Target}",
        OperationKind.Register => $"register queue {Target} on ring {Other} with {Value} buffers",
        OperationKind.RegisterInvalid => $"register on ring {Target} with mistakes {Other} and {Value}",
        OperationKind.Connect => $"connect {Target}",
        OperationKind.Send => $"send {Value} bytes over connection {Target}",
        OperationKind.EndSending => $"end sending over connection {Target}",
        OperationKind.Reset => $"reset connection {Target}",
        OperationKind.EndReceiving => $"shut down the receiving side of connection {Target}",
        OperationKind.CloseReceiver => $"close the receiving descriptor of connection {Target}",
        OperationKind.ReceiveFrom => $"receive from connection {Target} into queue {Other}, budget {Value}",
        OperationKind.ReceiveInvalid => $"receive from connection {Target} into queue {Other} with mistakes {Value % 16} and {Value / 16}",
        OperationKind.Cancel => $"cancel connection {Target} on the ring of queue {Other}, flags {Value:x}",
        OperationKind.Return => $"return {Value} buffers to queue {Target}",
        OperationKind.ReturnTwice => $"return a buffer twice to queue {Target}",
        OperationKind.ReturnInvalid => $"return invalid entry {Value} to queue {Target}",
        OperationKind.Flush => $"flush queue {Target}",
        OperationKind.CorruptTail => $"flush queue {Target} with a tail {Value} too far",
        OperationKind.CorruptHead => $"overwrite the head of queue {Target}",
        OperationKind.Arm => $"arm type {Value} of queue {Target}",
        OperationKind.ControlInvalid => $"control queue {Target} with mistakes {Value % 16} and {Value / 16}",
        OperationKind.Export => $"export queue {Other} as {Target}",
        OperationKind.CloseExport => $"close export {Target}",
        OperationKind.Import => $"import export {Value} into ring {Other} as queue {Target}",
        OperationKind.ImportInvalid => $"import export {Other} into ring {Target} with mistake {Value}",
        OperationKind.AddArea => $"add an area of {Value} buffers to queue {Target}",
        OperationKind.Steer => $"steer connection {Target} to {Value}",
        OperationKind.LinkDown => "take the link down",
        OperationKind.LinkUp => "take the link up",
        OperationKind.Exhaust => $"use up the buffers of the queue that receives from connection {Target}",
        _ => Kind.ToString(),
    } + (IsJoined ? " and at once" : "");
}
