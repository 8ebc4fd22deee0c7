using System.Runtime.CompilerServices;

namespace Zcrx.Rx.Operators;

/// <summary>Converts a stream of borrowed items to an asynchronous sequence or a channel of leases.</summary>
internal static class LeaseSequence
{
    public static IAsyncEnumerable<TLease> Of<TBorrowed, TLease>(
        IObservable<TBorrowed> source, Leasing<TBorrowed, TLease> leasing, int maxQueued, long maxQueuedBytes, CancellationToken cancellationToken)
        where TLease : class, IDisposable
    {
        Validate(source, maxQueued, maxQueuedBytes);
        return EnumerateAsync(source, leasing, maxQueued, maxQueuedBytes, cancellationToken);
    }

    public static LeaseReader<TLease> ToChannel<TBorrowed, TLease>(IObservable<TBorrowed> source, Leasing<TBorrowed, TLease> leasing, int maxQueued, long maxQueuedBytes)
        where TLease : class, IDisposable
    {
        Validate(source, maxQueued, maxQueuedBytes);
        LeaseChannel<TBorrowed, TLease> channel = new(leasing, maxQueued, maxQueuedBytes);
        channel.SubscribeTo(source);
        return new LeaseReader<TLease>(channel);
    }

    /// <summary>Validates the arguments that all operators of this kind have.</summary>
    public static void Validate<TBorrowed>(IObservable<TBorrowed> source, int maxQueued, long maxQueuedBytes)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxQueued);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxQueuedBytes);
    }

    private static async IAsyncEnumerable<TLease> EnumerateAsync<TBorrowed, TLease>(
        IObservable<TBorrowed> source, Leasing<TBorrowed, TLease> leasing, int maxQueued, long maxQueuedBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TLease : class, IDisposable
    {
        using LeaseChannel<TBorrowed, TLease> channel = new(leasing, maxQueued, maxQueuedBytes);
        try
        {
            channel.SubscribeTo(source);
            while (await channel.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                while (channel.TryRead(out TLease? lease))
                {
                    using (lease)
                    {
                        yield return lease;
                    }
                }
            }
        }
        finally
        {
            channel.Finish();
        }
    }
}
