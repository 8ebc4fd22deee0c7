using Zcrx.Rx.Streams;

namespace Zcrx.Rx.Operators;

/// <summary>
/// Finds the function that runs continuations on the ring thread of a connection, after the deliveries of the current turn.
/// </summary>
internal static class RingSchedule
{
    /// <summary>
    /// Returns a function that schedules work on the ring thread of a stream's connection. Returns null if the stream is not that of a
    /// single connection. The work then runs on the thread pool.
    /// </summary>
    public static Action<Action>? Of<T>(IObservable<T> source) => source is IConnectionSource { Holder: not null } connection ? work => connection.Holder.Schedule(work) : null;
}
