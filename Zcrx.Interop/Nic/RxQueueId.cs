namespace Zcrx.Interop;

/// <summary>Identifies one RX queue of one network interface.</summary>
/// <param name="Interface">The name of the interface.</param>
/// <param name="Queue">The index of the RX queue on the interface.</param>
public readonly record struct RxQueueId(string Interface, int Queue)
{
    /// <summary>Returns the interface and the index of the queue.</summary>
    /// <returns>For example <c>eth0:3</c>.</returns>
    public override string ToString() => $"{Interface}:{Queue}";
}
