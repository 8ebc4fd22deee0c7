using Akka.Actor;
using Zcrx.Interop;
using Zcrx.Rx.Framing;
using Zcrx.Rx.Operators;

namespace Zcrx.Actors.Streams;

/// <summary>Delivers the items of one kind: takes them from their source, and leases them.</summary>
/// <typeparam name="TBorrowed">The received items: buffers or frames.</typeparam>
/// <typeparam name="TLease">Their leases.</typeparam>
internal sealed class ItemDelivery<TBorrowed, TLease>(
    ActorSink sink,
    IActorRef target,
    DeliveryBounds bounds,
    IObservable<TBorrowed> source,
    Leasing<TBorrowed, TLease> leasing,
    Func<ActorDelivery, TLease, IBufferSource, ZcrxStream.Item> message)
    : ActorDelivery(sink, target, bounds), IObserver<TBorrowed>, IFrameGate
    where TLease : class, IDisposable
{
    // The thread that delivers.
    private IBufferSource? _last;

    public void OnNext(TBorrowed value)
    {
        IBufferSource from = leasing.SourceOf(in value);
        if (from != _last)
        {
            leasing.Attach(in value, this);
            _last = from;
        }

        Add(message(this, leasing.Retain(in value), from), leasing.MostBytes(in value));
    }

    protected override IDisposable SubscribeToSource() => source.Subscribe(this);
}
