using System.Diagnostics.CodeAnalysis;

namespace Zcrx.Rx.Operators;

/// <summary>Provides the reading side of a <see cref="LeaseChannel{TBorrowed, TLease}"/>.</summary>
internal interface ILeaseQueue<TLease> : IDisposable
{
    /// <summary>Gets a task that ends when everything has been read; it faults as the stream did.</summary>
    Task Completion { get; }

    /// <summary>Waits until there is something to read.</summary>
    /// <returns>False at the end of the stream; throws what the stream ended with.</returns>
    ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken);

    /// <summary>Takes the oldest lease; the caller owns it.</summary>
    bool TryRead([NotNullWhen(true)] out TLease? lease);

    /// <summary>The work of the operator has ended.</summary>
    void Finish();
}
