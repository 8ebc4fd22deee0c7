using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Queues;

/// <summary>Represents the activity of a queue's ring thread at one moment.</summary>
/// <param name="Turn">The number of the turn.</param>
/// <param name="BusyFor">The time since the turn began; zero while the thread sleeps.</param>
/// <param name="Callback">The callback that ran.</param>
/// <param name="Connection">The connection whose callback ran; null for none, or for a connection that was being accepted.</param>
internal sealed record QueueActivity(long Turn, TimeSpan BusyFor, RingCallback Callback, ZcrxConnection? Connection)
{
    /// <summary>Gets the callback, as a clause.</summary>
    public string Place => Callback switch
    {
        RingCallback.Accept => "in the handler of a connection that was accepted",
        RingCallback.OnNext => $"in OnNext of {Connection}",
        RingCallback.End => $"in OnCompleted or OnError of {Connection}",
        _ => "in posted work or a system call",
    };
}
