using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Zcrx.Rx.Operators;

namespace Zcrx.Rx;

/// <summary>Represents a bounded channel of leases. The reader owns each lease that it has read, and must release it.</summary>
/// <typeparam name="TLease">The type of the leases.</typeparam>
/// <remarks>
/// Ownership: the caller of <c>ToChannel</c> owns the reader. <see cref="Dispose"/> stops receiving and releases unread items. Dispose the
/// reader even after the end of the stream, because the connection stays open for it until then. Threading: several readers may read at
/// once.
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
