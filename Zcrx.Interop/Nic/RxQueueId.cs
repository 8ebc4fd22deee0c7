namespace Zcrx.Interop;

/// <summary>Identifies one RX queue of one network interface.</summary>
/// <param name="Interface">The interface's name.</param>
/// <param name="Queue">The queue's index.</param>
public readonly record struct RxQueueId(string Interface, int Queue)
{
    /// <summary>Returns interface and index.</summary>
    /// <returns>Such as <c>eth0:3</c>.</returns>
    public override string ToString() => $"{Interface}:{Queue}";
}
