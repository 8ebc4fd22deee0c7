using System.Reactive.Disposables;
using Zcrx.Interop;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Operators;

/// <summary>Finds the connection of a borrowed buffer or frame, for libraries that add operators.</summary>
internal static class ItemConnection
{
    /// <summary>
    /// Registers an operator with a connection. The operator's work keeps the connection open, and its waiting items are counted.
    /// </summary>
    /// <returns>A registration. Disposing it ends the work and the counting.</returns>
    public static IDisposable BeginWork(IBufferSource source, IBoundedQueue queue)
    {
        IDisposable work = source.BeginWork();
        if (source is not ConnectionHolder holder)
        {
            return work;
        }

        holder.Connection.Queues.Add(queue);
        return StableCompositeDisposable.Create(Disposable.Create((holder, queue), static state => state.holder.Connection.Queues.Remove(state.queue)), work);
    }

    /// <summary>Returns the connection that a buffer or frame came from. Thread-safe.</summary>
    public static ZcrxConnection Of(IBufferSource source) => source is ConnectionHolder holder
        ? ZcrxConnection.Of(holder.Connection)
        : throw new InvalidOperationException("The item came from no connection. Take buffers and frames from a ZcrxConnection.");
}
