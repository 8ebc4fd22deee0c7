using System.Reactive.Disposables;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx.Leases;

/// <summary>Retains each item and passes the lease to the observer. Keeps no lease, so nothing must be released at the end.</summary>
internal sealed class RetainedObserver<TBorrowed, TLease>(IObserver<TLease> downstream, Leasing<TBorrowed, TLease> leasing) : IObserver<TBorrowed>, IDisposable
    where TLease : class, IDisposable
{
    private readonly SingleAssignmentDisposable _upstream = new();
    private bool _hasEnded;

    public void Connect(IDisposable upstream) => _upstream.Disposable = upstream;

    public void OnNext(TBorrowed value)
    {
        if (Volatile.Read(ref _hasEnded))
        {
            return;
        }

        TLease lease = leasing.Retain(in value);
        try
        {
            downstream.OnNext(lease);
        }
        catch
        {
            // The observer may have disposed the lease already. A second disposal has no effect.
            lease.Dispose();
            throw;
        }
    }

    public void OnCompleted()
    {
        if (TryEnd())
        {
            downstream.OnCompleted();
        }
    }

    public void OnError(Exception error)
    {
        if (TryEnd())
        {
            downstream.OnError(error);
        }
    }

    public void Dispose() => TryEnd();

    private bool TryEnd()
    {
        bool isFirst = !Interlocked.Exchange(ref _hasEnded, true);
        _upstream.Dispose();
        return isFirst;
    }
}
