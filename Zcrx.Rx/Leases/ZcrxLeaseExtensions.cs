using Zcrx.Interop;
using Zcrx.Rx.Leases;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Keeps a connection's buffers or frames beyond <c>OnNext</c>.</summary>
public static class ZcrxLeaseExtensions
{
    /// <summary>Leases every buffer and passes the lease on.</summary>
    /// <param name="source">A connection's buffers.</param>
    /// <returns>The leases, delivered on the thread on which the buffers arrive.</returns>
    /// <remarks>
    /// <para>Ownership passes to the observer when its <c>OnNext</c> returns. The observer releases the lease, once, on any thread. If
    /// <c>OnNext</c> throws, this operator releases the lease.</para>
    /// <para>General Rx operators do not track ownership. If an operator such as <c>Where</c> or <c>Sample</c> drops a lease, its
    /// buffer never returns to the pool. Put such operators before this one.</para>
    /// </remarks>
    public static IObservable<BufferLease> Retained(this IObservable<ReceivedBuffer> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new RetainedObservable<ReceivedBuffer, BufferLease>(source, BufferLeasing.Instance);
    }

    /// <summary>Leases every frame and passes the lease on.</summary>
    /// <param name="source">A connection's frames.</param>
    /// <returns>The leases, delivered on the thread on which the frames arrive. Their ownership passes as with the overload for
    /// buffers.</returns>
    public static IObservable<FrameLease> Retained(this IObservable<ReceivedFrame> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new RetainedObservable<ReceivedFrame, FrameLease>(source, FrameLeasing.Instance);
    }
}
