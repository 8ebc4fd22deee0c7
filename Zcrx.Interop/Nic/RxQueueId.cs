namespace Zcrx.Interop;

/// <summary>One RX queue of one network interface.</summary>
/// <param name="Interface">The interface's name.</param>
/// <param name="Queue">The queue's index.</param>
public readonly record struct RxQueueId(string Interface, int Queue)
{
    /// <summary>As in <c>eth0:3</c>.</summary>
    /// <returns>Interface and index.</returns>
    public override string ToString() => $"{Interface}:{Queue}";
}
