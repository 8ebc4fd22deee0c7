using Zcrx.Interop;
using Zcrx.Rx.Leases;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Keeps a connection's buffers or frames beyond <c>OnNext</c>.</summary>
public static class ZcrxLeaseExtensions
{
    /// <summary>Retains every buffer and hands the lease over.</summary>
    /// <param name="source">A connection's buffers.</param>
    /// <returns>Leases on the thread that the buffers arrive on.</returns>
    /// <remarks>
    /// Ownership: passes to the observer when its <c>OnNext</c> returns; it releases the lease, once, on any thread. A lease whose
    /// <c>OnNext</c> throws is released here. General Rx operators know nothing of ownership: one that drops an item (<c>Where</c>, <c>Sample</c>,
    /// a queue that is disposed) loses its lease, and with it a buffer of the pool; put such operators before this one.
    /// </remarks>
    public static IObservable<BufferLease> Retained(this IObservable<ReceivedBuffer> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new RetainedObservable<ReceivedBuffer, BufferLease>(source, BufferLeasing.Instance);
    }

    /// <summary>Retains every frame and hands the lease over.</summary>
    /// <param name="source">A connection's frames.</param>
    /// <returns>Leases on the thread that the frames arrive on. The same rules apply as for leases on buffers.</returns>
    public static IObservable<FrameLease> Retained(this IObservable<ReceivedFrame> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new RetainedObservable<ReceivedFrame, FrameLease>(source, FrameLeasing.Instance);
    }
}
