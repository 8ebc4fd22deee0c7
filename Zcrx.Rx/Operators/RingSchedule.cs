using Zcrx.Rx.Streams;

namespace Zcrx.Rx.Operators;

/// <summary>Runs continuations on the ring thread of a connection, after the current turn has delivered everything.</summary>
internal static class RingSchedule
{
    /// <summary>
    /// Returns the function that schedules work on the ring thread of a stream's connection. Returns null, which means the thread pool, if
    /// the stream does not belong to a single connection.
    /// </summary>
    public static Action<Action>? Of<T>(IObservable<T> source) => source is IConnectionSource { Holder: not null } connection ? work => connection.Holder.Schedule(work) : null;
}
