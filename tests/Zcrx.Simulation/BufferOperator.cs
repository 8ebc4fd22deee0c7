using Zcrx.Interop;
using Zcrx.Interop.Leases;
using Zcrx.Rx.Streams;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Simulation;

/// <summary>Represents an operator that reads the buffers of a connection itself, and passes no leases to the application.</summary>
internal abstract class BufferOperator(SimulatedWorld world, SimulatedConnection connection, OperatorChoice choice)
    : SimulatedOperator(world, connection, choice), IObservable<ReceivedBuffer>, IConnectionSource
{
    BufferHolder? IConnectionSource.Holder => ((IConnectionSource)Connection.Connection!.Buffers).Holder;

    IDisposable IObservable<ReceivedBuffer>.Subscribe(IObserver<ReceivedBuffer> observer) => Connection.Connection!.Buffers.Subscribe(new Tap(this, observer));

    /// <summary>Records a buffer that the stream passes to the operator.</summary>
    protected virtual void OnDelivered(ReceivedBuffer buffer) => Deliver(buffer.StreamOffset, buffer.Length, mostBuffers: 1);

    private bool Matches(ReceivedBuffer buffer) => Payload.Matches(buffer.Span, Connection.Id, buffer.StreamOffset);

    private sealed class Tap(BufferOperator owner, IObserver<ReceivedBuffer> observer) : IObserver<ReceivedBuffer>
    {
        public void OnNext(ReceivedBuffer value)
        {
            if (!owner.Matches(value))
            {
                throw owner.World.Fail($"{owner.Connection} passes wrong bytes at {value.StreamOffset} to its operator");
            }

            owner.OnDelivered(value);
            observer.OnNext(value);
        }

        public void OnCompleted() => observer.OnCompleted();

        public void OnError(Exception error) => observer.OnError(error);
    }
}
