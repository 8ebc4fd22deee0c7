using System.Diagnostics.CodeAnalysis;

namespace Zcrx.Rx.Operators;

/// <summary>Represents the reading side of a <see cref="LeaseChannel{TBorrowed, TLease}"/>.</summary>
internal interface ILeaseQueue<TLease> : IDisposable
{
    /// <summary>
    /// Gets a task that completes when everything has been read. If the stream failed, the task faults with the stream's error.
    /// </summary>
    Task Completion { get; }

    /// <summary>Waits until a lease can be read or the stream has ended.</summary>
    /// <returns>False if the stream has ended in order. If it failed, the call throws the stream's error.</returns>
    ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken);

    /// <summary>Takes the oldest lease. The caller owns it from then on.</summary>
    bool TryRead([NotNullWhen(true)] out TLease? lease);

    /// <summary>Ends the work that keeps the connection open, because the operator has finished.</summary>
    void Finish();
}
