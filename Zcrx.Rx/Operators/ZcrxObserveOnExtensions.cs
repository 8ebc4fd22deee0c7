using System.Reactive.Concurrency;
using Zcrx.Interop;
using Zcrx.Rx;

// This is the namespace of Rx's own ObserveOn. These overloads are therefore visible wherever Rx's overload is, and
// are preferred as more specific.
namespace System.Reactive.Linq;

/// <summary>Provides <c>ObserveOn</c> for borrowed buffers and frames.</summary>
/// <remarks>
/// Rx's own <c>ObserveOn</c> stores each item and passes it on later, when a borrowed buffer has returned to the pool. The observer would
/// then throw on the scheduler's thread, which ends the process. These overloads take precedence and lease each buffer.
/// </remarks>
public static class ZcrxObserveOnExtensions
{
    /// <summary>Passes the buffers to a scheduler, in order, as leases. The same as <c>Offload</c> with its default bounds.</summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="scheduler">The scheduler on which the observer is called.</param>
    /// <returns>
    /// Leases that are lent for the duration of <c>OnNext</c>. Each is released when <c>OnNext</c> returns, unless the observer has called
    /// <see cref="BufferLease.Move"/> or <see cref="BufferLease.Retain"/>.
    /// </returns>
    public static IObservable<BufferLease> ObserveOn(this IObservable<ReceivedBuffer> source, IScheduler scheduler) => source.Offload(scheduler);

    /// <summary>
    /// Passes the buffers to a synchronization context, in order, as leases. The same as <c>Offload</c> with its default bounds.
    /// </summary>
    /// <param name="source">Borrowed buffers.</param>
    /// <param name="context">The context to which the calls of the observer are posted.</param>
    /// <returns>
    /// Leases that are lent for the duration of <c>OnNext</c>. Each is released when <c>OnNext</c> returns, unless the observer has called
    /// <see cref="BufferLease.Move"/> or <see cref="BufferLease.Retain"/>.
    /// </returns>
    public static IObservable<BufferLease> ObserveOn(this IObservable<ReceivedBuffer> source, SynchronizationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return source.Offload(new SynchronizationContextScheduler(context));
    }

    /// <summary>Passes the frames to a scheduler, in order, as leases. The same as <c>Offload</c> with its default bounds.</summary>
    /// <param name="source">Borrowed frames.</param>
    /// <param name="scheduler">The scheduler on which the observer is called.</param>
    /// <returns>
    /// Leases that are lent for the duration of <c>OnNext</c>. Each is released when <c>OnNext</c> returns, unless the observer has called
    /// <see cref="FrameLease.Move"/>.
    /// </returns>
    public static IObservable<FrameLease> ObserveOn(this IObservable<ReceivedFrame> source, IScheduler scheduler) => source.Offload(scheduler);

    /// <summary>
    /// Passes the frames to a synchronization context, in order, as leases. The same as <c>Offload</c> with its default bounds.
    /// </summary>
    /// <param name="source">Borrowed frames.</param>
    /// <param name="context">The context to which the calls of the observer are posted.</param>
    /// <returns>
    /// Leases that are lent for the duration of <c>OnNext</c>. Each is released when <c>OnNext</c> returns, unless the observer has called
    /// <see cref="FrameLease.Move"/>.
    /// </returns>
    public static IObservable<FrameLease> ObserveOn(this IObservable<ReceivedFrame> source, SynchronizationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return source.Offload(new SynchronizationContextScheduler(context));
    }
}
