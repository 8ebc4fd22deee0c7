using Zcrx.Rx.Streams;

namespace Zcrx.Rx.Operators;

/// <summary>Runs continuations on the ring thread of a connection, after the present turn has delivered everything.</summary>
internal static class RingSchedule
{
    /// <summary>
    /// Returns the schedule of a stream's connection. Returns null, for the thread pool, if the stream is not that of one connection.
    /// </summary>
    public static Action<Action>? Of<T>(IObservable<T> source) => source is IConnectionSource { Holder: not null } connection ? work => connection.Holder.Schedule(work) : null;
}
