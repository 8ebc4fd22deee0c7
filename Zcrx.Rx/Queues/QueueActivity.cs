using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Queues;

/// <summary>Describes what a queue's ring thread is doing at one moment.</summary>
/// <param name="Turn">The number of the current turn.</param>
/// <param name="BusyFor">The time since the turn began; zero while the thread sleeps.</param>
/// <param name="Callback">The kind of callback that is running.</param>
/// <param name="Connection">The connection whose callback is running; null for none, or while a connection is accepted.</param>
internal sealed record QueueActivity(long Turn, TimeSpan BusyFor, RingCallback Callback, ZcrxConnection? Connection)
{
    /// <summary>Gets the running callback as a clause for messages.</summary>
    public string Place => Callback switch
    {
        RingCallback.Accept => "in the handler of a connection that was accepted",
        RingCallback.OnNext => $"in OnNext of {Connection}",
        RingCallback.End => $"in OnCompleted or OnError of {Connection}",
        _ => "in posted work or a system call",
    };
}
