using Akka.Actor;
using Zcrx.Interop;
using Zcrx.Rx.Framing;
using Zcrx.Rx.Operators;

namespace Zcrx.Actors.Streams;

/// <summary>Leases the buffers or frames of a source, and delivers the leases to an actor.</summary>
/// <typeparam name="TBorrowed">The type of the received items: buffers or frames.</typeparam>
/// <typeparam name="TLease">The type of the leases.</typeparam>
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
    // The source of the last item. Only the thread that calls OnNext uses this field.
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
