using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Takeover;

/// <summary>A queue that is offered to another process; after the commit, that process as the one who writes the refill queue.</summary>
/// <remarks>
/// The rings here go on receiving for their connections, and what comes back to them is sent over the channel. When the other process has ended, or has closed the queue, the refill queue is written
/// here again: nobody else has the memory then.
/// </remarks>
internal sealed class OutgoingQueue : IRefillProducer, IDisposable
{
    private readonly IRefillProducer _local;
    private readonly QueueMemory _memory;
    private readonly ExportedQueue _exported;
    private readonly QueueChannel _channel;
    private readonly SemaphoreSlim _wake = new(0);
    private int _theirs;
    private int _wakePending;
    private int _reportedLeased;
    private volatile bool _hasEnded;
    private volatile bool _isUnused;
    private Task _sending = Task.CompletedTask;

    private OutgoingQueue(string name, IRefillProducer local, ExportedQueue exported)
    {
        _local = local;
        _memory = exported.Memory;
        _exported = exported;
        _channel = QueueChannel.Create(out _theirs);
        Manifest = QueueManifest.Of(name, _memory);
    }

    public QueueManifest Manifest { get; }

    /// <summary>What goes with the manifest; stays this object's.</summary>
    public IReadOnlyList<int> Descriptors => [_exported.Fd, _theirs, _memory.Region.Fd, .. _memory.Areas.Select(static area => area.Fd)];

    /// <summary>Called when the other process has ended or closed the queue, and the refill queue is written here again. Set before the commit.</summary>
    public Action? Returned { get; set; }

    /// <summary>Returns why a queue cannot go to another process; null when it can.</summary>
    public static string? WhyNot(ZcrxQueue queue)
    {
        QueueMemory memory = queue.Loop.Queue.Memory;
        return queue.Loop.Engine.WhyBoundToProcess is { } bound ? bound
            : queue.Capabilities.WhyNot(ZcrxFeature.Export) is { } export ? export
            : queue.Capabilities.WhyNot(ZcrxFeature.Import) is { } import ? import
            : queue.Loop.Options.DmaBuf is not null ? "it receives into a dma-buf, which belongs to whoever made it"
            : !memory.Region.IsShared || !memory.Areas.All(static area => area.IsShared) ? "its memory is private (SharedMemory is off)"
            : queue.IsNicConfigured ? "this process has set its interface up, and brings that back when it ends (ConfigureNic)"
            : memory.IsSharedWithProcess ? "the process that had it before still receives for connections of its own"
            : memory.Rings > 1 ? "two rings of this process receive into it"
            : null;
    }

    /// <summary>Prepares a queue to be offered. From now on it does not grow.</summary>
    /// <exception cref="ZcrxException">The kernel refused; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    /// <exception cref="IOException">There are no descriptors left.</exception>
    public static async Task<OutgoingQueue> PrepareAsync(ZcrxQueue queue)
    {
        // Before the ring's thread exports it: what is added after that would be unknown to the other process.
        QueueMemory memory = queue.Loop.Queue.Memory;
        memory.HasFixedAreas = true;
        ExportedQueue? exported = null;
        try
        {
            exported = await queue.ExportAsync().ConfigureAwait(false);
            return new OutgoingQueue(queue.Name, queue.Loop.Sharing, exported);
        }
        catch
        {
            exported?.Dispose();
            memory.HasFixedAreas = false;
            throw;
        }
    }

    /// <summary>The other process continues the queue.</summary>
    public void Commit()
    {
        CloseTheirs();
        _memory.IsSharedWithProcess = true;
        _memory.Unused = OnUnused;
        // The rings keep the queue from now on, and not this export.
        _exported.Dispose();
        _ = CommitAsync();
    }

    /// <summary>Ends the offer. Does nothing after <see cref="Commit"/>: then the channel ends with the queue.</summary>
    public void Dispose()
    {
        if (CloseTheirs())
        {
            _exported.Dispose();
            _channel.Dispose();
            _wake.Dispose();
            _memory.HasFixedAreas = false;
        }
    }

    /// <summary>The other process has ended, or else this is not called.</summary>
    Task IRefillProducer.CedeAsync() => _sending;

    Task<bool> IRefillProducer.BeginAsync()
    {
        if (_hasEnded)
        {
            return Task.FromResult(false);
        }

        _channel.Outgoing[0] = QueueChannel.Begin;
        _sending = SendAllAsync();
        Wake();
        return Task.FromResult(true);
    }

    public void Wake()
    {
        if (Interlocked.Exchange(ref _wakePending, 1) == 0)
        {
            _wake.Release();
        }
    }

    private async Task CommitAsync()
    {
        // Between two turns of the ring's thread, which may be in a handler for as long as it likes.
        await _memory.SwitchToAsync(this).ConfigureAwait(false);
        await _channel.ReceiveAllAsync(static _ => { }).ConfigureAwait(false);
        _hasEnded = true;
        Wake();
        await _sending.ConfigureAwait(false);
        _channel.Dispose();
        if (_isUnused)
        {
            return;
        }

        _memory.IsSharedWithProcess = false;
        _memory.HasFixedAreas = false;
        // A ring that was opened here meanwhile has been waiting for this longer.
        await _memory.SwitchToAsync(_local, onlyAfter: this).ConfigureAwait(false);
        _memory.Reclaim();
        Returned?.Invoke();
    }

    private async Task SendAllAsync()
    {
        try
        {
            await _channel.SendAsync(1).ConfigureAwait(false);
            while (!_hasEnded)
            {
                await _wake.WaitAsync().ConfigureAwait(false);
                // A full fence: who adds from now on wakes again.
                Interlocked.Exchange(ref _wakePending, 0);
                bool isLast = _isUnused;
                for (int words = Fill(); words > 0; words = Fill())
                {
                    await _channel.SendAsync(words).ConfigureAwait(false);
                }

                if (isLast)
                {
                    // Nothing here has a buffer any more: the other process has the queue for itself.
                    _channel.Dispose();
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The other process has ended; the receiving side sees to that.
        }
    }

    private int Fill()
    {
        Span<ulong> words = _channel.Outgoing;
        int count = 0;
        if (_memory.LeasedElsewhere is var kept && kept != _reportedLeased)
        {
            _reportedLeased = kept;
            words[count++] = QueueChannel.Leased | (uint)int.Max(kept, 0);
        }

        while (count < words.Length && _memory.TryTake(out ulong offset))
        {
            words[count++] = offset;
        }

        return count;
    }

    private void OnUnused()
    {
        _isUnused = true;
        Wake();
    }

    private bool CloseTheirs()
    {
        if (Interlocked.Exchange(ref _theirs, -1) is var theirs and >= 0)
        {
            _ = Libc.Close(theirs);
            return true;
        }

        return false;
    }
}
