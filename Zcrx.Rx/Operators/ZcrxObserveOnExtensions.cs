using System.Reactive.Concurrency;
using Zcrx.Interop;
using Zcrx.Rx;

// This namespace contains Rx's own ObserveOn. Code that sees that method therefore also sees these overloads, which the compiler prefers
// because they are more specific.
namespace System.Reactive.Linq;

/// <summary>Provides overloads of <c>ObserveOn</c> for borrowed buffers and frames.</summary>
/// <remarks>
/// Rx's own <c>ObserveOn</c> stores each item and passes it on later. A borrowed buffer has then returned to the pool, and using it throws
/// on the scheduler's thread, which ends the process. The compiler prefers these overloads, which lease each item.
/// </remarks>
public static class ZcrxObserveOnExtensions
{
    /// <summary>Delivers the buffers on a scheduler, in order, as leases. Equivalent to <c>Offload</c> with its default bounds.</summary>
    /// <param name="source">The borrowed buffers.</param>
    /// <param name="scheduler">The scheduler on which the observer is called.</param>
    /// <returns>
    /// The leases of the buffers. Each lease is released when <c>OnNext</c> returns, unless the observer has called
    /// <see cref="BufferLease.Move"/> or <see cref="BufferLease.Retain"/>.
    /// </returns>
    public static IObservable<BufferLease> ObserveOn(this IObservable<ReceivedBuffer> source, IScheduler scheduler) => source.Offload(scheduler);

    /// <summary>
    /// Delivers the buffers on a synchronization context, in order, as leases. Equivalent to <c>Offload</c> with its default bounds.
    /// </summary>
    /// <param name="source">The borrowed buffers.</param>
    /// <param name="context">The synchronization context on which the observer is called.</param>
    /// <returns>
    /// The leases of the buffers. Each lease is released when <c>OnNext</c> returns, unless the observer has called
    /// <see cref="BufferLease.Move"/> or <see cref="BufferLease.Retain"/>.
    /// </returns>
    public static IObservable<BufferLease> ObserveOn(this IObservable<ReceivedBuffer> source, SynchronizationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return source.Offload(new SynchronizationContextScheduler(context));
    }

    /// <summary>Delivers the frames on a scheduler, in order, as leases. Equivalent to <c>Offload</c> with its default bounds.</summary>
    /// <param name="source">The borrowed frames.</param>
    /// <param name="scheduler">The scheduler on which the observer is called.</param>
    /// <returns>
    /// The leases of the frames. Each lease is released when <c>OnNext</c> returns, unless the observer has called
    /// <see cref="FrameLease.Move"/>.
    /// </returns>
    public static IObservable<FrameLease> ObserveOn(this IObservable<ReceivedFrame> source, IScheduler scheduler) => source.Offload(scheduler);

    /// <summary>
    /// Delivers the frames on a synchronization context, in order, as leases. Equivalent to <c>Offload</c> with its default bounds.
    /// </summary>
    /// <param name="source">The borrowed frames.</param>
    /// <param name="context">The synchronization context on which the observer is called.</param>
    /// <returns>
    /// The leases of the frames. Each lease is released when <c>OnNext</c> returns, unless the observer has called
    /// <see cref="FrameLease.Move"/>.
    /// </returns>
    public static IObservable<FrameLease> ObserveOn(this IObservable<ReceivedFrame> source, SynchronizationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return source.Offload(new SynchronizationContextScheduler(context));
    }
}
