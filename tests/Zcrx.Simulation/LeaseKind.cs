using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Linq;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Simulation;

/// <summary>Binds the operators of one kind of item, and reads its items.</summary>
/// <typeparam name="TBorrowed">The borrowed item.</typeparam>
/// <typeparam name="TLease">The lease of the item.</typeparam>
internal abstract class LeaseKind<TBorrowed, TLease>
    where TLease : class, IDisposable
{
    /// <summary>Gets the first words of descriptions.</summary>
    public abstract string Name { get; }

    /// <summary>Gets the maximum number of buffers that one lease holds.</summary>
    public abstract int MostBuffers { get; }

    public abstract IObservable<TBorrowed> SourceOf(SimulatedConnection connection);

    public abstract (long Offset, long Length) PlaceOf(TBorrowed item);

    public abstract (long Offset, long Length) PlaceOf(TLease lease);

    public abstract bool Matches(TLease lease, int stream, long position);

    /// <summary>Moves a lease to the leases that the application holds.</summary>
    public abstract HeldLease Hold(TLease lease, SimulatedConnection connection, OperatorItem item);

    /// <summary>Determines whether a released lease can still be used.</summary>
    public abstract bool CanUse(TLease lease);

    public abstract IObservable<TLease> Offload(IObservable<TBorrowed> source, IScheduler scheduler, OperatorChoice choice);

    public abstract IObservable<TLease> ObserveOn(IObservable<TBorrowed> source, SynchronizationContext context);

    public abstract IObservable<Unit> Process(IObservable<TBorrowed> source, Func<TLease, CancellationToken, ValueTask> handler, int concurrency, OperatorChoice choice);

    public abstract IAsyncEnumerable<TLease> ToAsyncEnumerable(IObservable<TBorrowed> source, OperatorChoice choice);

    public abstract LeaseReader<TLease> ToChannel(IObservable<TBorrowed> source, OperatorChoice choice);
}

/// <summary>Binds the operators of buffers.</summary>
internal sealed class BufferKind : LeaseKind<ReceivedBuffer, BufferLease>
{
    public override string Name => "";

    public override int MostBuffers => 1;

    public override IObservable<ReceivedBuffer> SourceOf(SimulatedConnection connection) => connection.Connection!.Buffers;

    public override (long Offset, long Length) PlaceOf(ReceivedBuffer item) => (item.StreamOffset, item.Length);

    public override (long Offset, long Length) PlaceOf(BufferLease lease) => (lease.StreamOffset, lease.Length);

    public override bool Matches(BufferLease lease, int stream, long position) => Payload.Matches(lease.Span, stream, position);

    public override HeldLease Hold(BufferLease lease, SimulatedConnection connection, OperatorItem item) =>
        new HeldBuffer(lease.Move(), connection, item.Queue, item.Offset, (int)item.Length);

    public override bool CanUse(BufferLease lease) => !lease.IsReleased || !SimulatedConnection.Throws<ObjectDisposedException>(() => _ = lease.Span);

    public override IObservable<BufferLease> Offload(IObservable<ReceivedBuffer> source, IScheduler scheduler, OperatorChoice choice) =>
        source.Offload(scheduler, choice.MaxQueued, choice.MaxQueuedBytes);

    public override IObservable<BufferLease> ObserveOn(IObservable<ReceivedBuffer> source, SynchronizationContext context) => source.ObserveOn(context);

    public override IObservable<Unit> Process(IObservable<ReceivedBuffer> source, Func<BufferLease, CancellationToken, ValueTask> handler, int concurrency, OperatorChoice choice) =>
        source.Process(handler, concurrency, choice.MaxQueued, choice.MaxQueuedBytes);

    public override IAsyncEnumerable<BufferLease> ToAsyncEnumerable(IObservable<ReceivedBuffer> source, OperatorChoice choice) =>
        source.ToAsyncEnumerable(choice.MaxQueued, choice.MaxQueuedBytes, CancellationToken.None);

    public override LeaseReader<BufferLease> ToChannel(IObservable<ReceivedBuffer> source, OperatorChoice choice) =>
        source.ToChannel(choice.MaxQueued, choice.MaxQueuedBytes);
}

/// <summary>Binds the operators of frames.</summary>
internal sealed class FrameKind(FramingOptions options) : LeaseKind<ReceivedFrame, FrameLease>
{
    public override string Name => "a frame of ";

    public override int MostBuffers => int.Max(1, options.MaxLeasedBuffers);

    public override IObservable<ReceivedFrame> SourceOf(SimulatedConnection connection) =>
        connection.Connection!.Buffers.Frames(SimulatedFrames.Instance, SimulatedFrames.Longest, options);

    public override (long Offset, long Length) PlaceOf(ReceivedFrame item) => (item.StreamOffset, item.Length);

    public override (long Offset, long Length) PlaceOf(FrameLease lease) => (lease.StreamOffset, lease.Length);

    public override bool Matches(FrameLease lease, int stream, long position) => SimulatedFrames.Matches(lease.Sequence, stream, position);

    public override HeldLease Hold(FrameLease lease, SimulatedConnection connection, OperatorItem item) =>
        new HeldFrame(lease.Move(), connection, item.Queue, item.Offset, item.Length);

    public override bool CanUse(FrameLease lease) => !lease.IsReleased || !SimulatedConnection.Throws<ObjectDisposedException>(() => _ = lease.Sequence);

    public override IObservable<FrameLease> Offload(IObservable<ReceivedFrame> source, IScheduler scheduler, OperatorChoice choice) =>
        source.Offload(scheduler, choice.MaxQueued, choice.MaxQueuedBytes);

    public override IObservable<FrameLease> ObserveOn(IObservable<ReceivedFrame> source, SynchronizationContext context) => source.ObserveOn(context);

    public override IObservable<Unit> Process(IObservable<ReceivedFrame> source, Func<FrameLease, CancellationToken, ValueTask> handler, int concurrency, OperatorChoice choice) =>
        source.Process(handler, concurrency, choice.MaxQueued, choice.MaxQueuedBytes);

    public override IAsyncEnumerable<FrameLease> ToAsyncEnumerable(IObservable<ReceivedFrame> source, OperatorChoice choice) =>
        source.ToAsyncEnumerable(choice.MaxQueued, choice.MaxQueuedBytes, CancellationToken.None);

    public override LeaseReader<FrameLease> ToChannel(IObservable<ReceivedFrame> source, OperatorChoice choice) =>
        source.ToChannel(choice.MaxQueued, choice.MaxQueuedBytes);
}
