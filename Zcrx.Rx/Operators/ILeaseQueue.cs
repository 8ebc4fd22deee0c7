using System.Diagnostics.CodeAnalysis;

namespace Zcrx.Rx.Operators;

/// <summary>Provides the reading side of a <see cref="LeaseChannel{TBorrowed, TLease}"/>.</summary>
internal interface ILeaseQueue<TLease> : IDisposable
{
    /// <summary>
    /// Gets a task that completes when everything has been read. If the stream failed, the task faults with the same error.
    /// </summary>
    Task Completion { get; }

    /// <summary>Waits until there is something to read.</summary>
    /// <returns>False at the end of the stream. Throws the error with which the stream ended.</returns>
    ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken);

    /// <summary>Takes the oldest lease, which the caller then owns.</summary>
    bool TryRead([NotNullWhen(true)] out TLease? lease);

    /// <summary>Records that the work of the operator has ended.</summary>
    void Finish();
}
