using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Represents a bounded channel of leases. Each lease that is read belongs to the reader, which releases it.</summary>
/// <typeparam name="TLease">The kind of lease.</typeparam>
/// <remarks>
/// Ownership: the caller of <c>ToChannel</c> owns the reader. <see cref="Dispose"/> stops receiving and releases unread items. Dispose the
/// reader even after the end of the stream: the connection counts the reader as work until then. Threading: any number of readers.
/// </remarks>
public sealed class LeaseReader<TLease> : ChannelReader<TLease>, IDisposable
    where TLease : class, IDisposable
{
    private readonly ILeaseQueue<TLease> _queue;

    internal LeaseReader(ILeaseQueue<TLease> queue) => _queue = queue;

    /// <inheritdoc/>
    public override Task Completion => _queue.Completion;

    /// <inheritdoc/>
    public override bool TryRead([MaybeNullWhen(false)] out TLease item) => _queue.TryRead(out item);

    /// <inheritdoc/>
    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => _queue.WaitToReadAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        _queue.Dispose();
        _queue.Finish();
    }
}
