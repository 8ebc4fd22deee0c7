using System.Diagnostics.CodeAnalysis;
using System.Reactive;
using Zcrx.Interop.Leases;
using Zcrx.Rx;
using Zcrx.Rx.Streams;

namespace Zcrx.Simulation;

/// <summary>Represents an operator that passes on leases: <c>Offload</c>, <c>Process</c>, an asynchronous sequence or a channel.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Stop disposes the subscription.")]
internal sealed class LeaseOperator<TBorrowed, TLease>(SimulatedWorld world, SimulatedConnection connection, OperatorChoice choice, LeaseKind<TBorrowed, TLease> kind)
    : SimulatedOperator(world, connection, choice), IObservable<TBorrowed>, IConnectionSource, IObserver<TLease>
    where TLease : class, IDisposable
{
    private readonly IObservable<TBorrowed> _source = kind.SourceOf(connection);
    private IDisposable? _subscription;

    BufferHolder? IConnectionSource.Holder => ((IConnectionSource)_source).Holder;

    public override void Start()
    {
        switch (Choice.Kind)
        {
            case OperatorKind.Offload:
                int jobs = Connection.Mode == ConsumerMode.Throw && Choice.Variant % 2 == 0 ? 2 : int.MaxValue;
                Keep(kind.Offload(this, new SimulatedScheduler(World.Threads, jobs), Choice).Subscribe(this));
                break;
            case OperatorKind.ObserveOn:
                Keep(kind.ObserveOn(this, new SimulatedContext(World.Threads)).Subscribe(this));
                break;
            case OperatorKind.Process:
                Keep(kind.Process(this, HandleAsync, 1 + (Choice.Variant % 3), Choice).Subscribe(new EndObserver(this)));
                break;
            case OperatorKind.Enumerable:
                _ = RunAsync(EnumerateAsync);
                break;
            default:
                _ = RunAsync(ReadAsync);
                break;
        }
    }

    IDisposable IObservable<TBorrowed>.Subscribe(IObserver<TBorrowed> observer) => _source.Subscribe(new Tap(this, observer));

    public void OnNext(TLease value)
    {
        OperatorItem item = Handle(value);
        Release(item);
    }

    public void OnCompleted() => End(null);

    public void OnError(Exception error)
    {
        if (error is ConsumerException)
        {
            // A scheduler that refuses a job does not pass through the consumer.
            Connection.MayBreak = true;
        }

        End(error);
    }

    protected override void Stop(CancellationTokenSource stop)
    {
        if (_subscription is { } subscription)
        {
            subscription.Dispose();
            Leave();
        }
        else if (Choice.Kind is OperatorKind.Enumerable or OperatorKind.Channel)
        {
            stop.Cancel();
        }
    }

    private void Keep(IDisposable subscription)
    {
        _subscription = subscription;
        if (IsStopping)
        {
            subscription.Dispose();
            Leave();
        }
    }

    private OperatorItem Handle(TLease lease)
    {
        (long offset, long length) = kind.PlaceOf(lease);
        OperatorItem item = Take(offset, length);
        Connection.Receive(kind.Name, offset, length, kind.Matches(lease, Connection.Id, offset));
        Act(
            () => World.Leases.Add(kind.Hold(lease, Connection, item)),
            () => Connection.KeepReleased(() => !IsTaken(item) && kind.CanUse(lease)),
            () => World.Leases.Add(kind.Hold(lease, Connection, item)));
        return item;
    }

    private async ValueTask HandleAsync(TLease lease, CancellationToken cancellationToken)
    {
        OperatorItem item = Handle(lease);
        try
        {
            await WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Release(item);
        }
    }

    private async Task RunAsync(Func<Task> loop)
    {
        try
        {
            await loop().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The connection checks every error.
        catch (Exception error)
#pragma warning restore CA1031
        {
            if (!IsStopping)
            {
                End(error);
                return;
            }

            World.Log.AddEvent($"{Choice.Kind} of {Connection} is stopped: {error.GetType().Name}");
        }

        if (IsStopping)
        {
            Leave();
        }
        else
        {
            End(null);
        }
    }

    private async Task EnumerateAsync()
    {
        await foreach (TLease lease in kind.ToAsyncEnumerable(this, Choice).WithCancellation(Stopping).ConfigureAwait(false))
        {
            await HandleAsync(lease, Stopping).ConfigureAwait(false);
            if (IsStopping)
            {
                return;
            }
        }
    }

    private async Task ReadAsync()
    {
        using LeaseReader<TLease> reader = kind.ToChannel(this, Choice);
        while (await reader.WaitToReadAsync(Stopping).ConfigureAwait(false))
        {
            while (!IsStopping && reader.TryRead(out TLease? lease))
            {
                using (lease)
                {
                    await HandleAsync(lease, Stopping).ConfigureAwait(false);
                }
            }

            if (IsStopping)
            {
                return;
            }
        }
    }

    /// <summary>Records the items that the stream passes to the operator.</summary>
    private sealed class Tap(LeaseOperator<TBorrowed, TLease> owner, IObserver<TBorrowed> observer) : IObserver<TBorrowed>
    {
        public void OnNext(TBorrowed value)
        {
            (long offset, long length) = owner.PlaceOf(value);
            owner.Deliver(offset, length, owner.MostBuffers);
            observer.OnNext(value);
        }

        public void OnCompleted() => observer.OnCompleted();

        public void OnError(Exception error) => observer.OnError(error);
    }

    /// <summary>Receives the end of <c>Process</c>.</summary>
    private sealed class EndObserver(LeaseOperator<TBorrowed, TLease> owner) : IObserver<Unit>
    {
        public void OnNext(Unit value) => throw owner.World.Fail($"Process of {owner.Connection} publishes a value");

        public void OnCompleted() => owner.OnCompleted();

        public void OnError(Exception error) => owner.OnError(error);
    }

    private int MostBuffers => kind.MostBuffers;

    private (long Offset, long Length) PlaceOf(TBorrowed item) => kind.PlaceOf(item);
}
