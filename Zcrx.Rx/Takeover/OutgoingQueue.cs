using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Takeover;

/// <summary>
/// Represents a queue that this process offers to another one. After the commit, it represents the other process, which then writes the
/// refill queue.
/// </summary>
/// <remarks>
/// The rings of this process continue to receive for their connections, and send returned buffers over the channel. When the other process
/// has ended or has closed the queue, it no longer has the memory. This process then writes the refill queue again.
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

    /// <summary>Gets the descriptors that are sent with the manifest. This object owns them.</summary>
    public IReadOnlyList<int> Descriptors => [_exported.Fd, _theirs, _memory.Region.Fd, .. _memory.Areas.Select(static area => area.Fd)];

    /// <summary>
    /// Gets or sets a callback. It runs when the other process has ended or closed the queue, so that this process writes the refill queue
    /// again. Must be set before the commit.
    /// </summary>
    public Action? Returned { get; set; }

    /// <summary>Returns why another process cannot take over a queue, as a clause; null if it can.</summary>
    public static string? WhyNot(ZcrxQueue queue)
    {
        QueueMemory memory = queue.Loop.Queue.Memory;
        return queue.Loop.Engine.WhyBoundToProcess is { } bound ? bound
            : queue.Capabilities.WhyNot(ZcrxFeature.Export) is { } export ? export
            : queue.Capabilities.WhyNot(ZcrxFeature.Import) is { } import ? import
            : queue.Loop.Options.DmaBuf is not null ? "it receives into a dma-buf, which this process does not own"
            : !memory.Region.IsShared || !memory.Areas.All(static area => area.IsShared) ? "its memory is private (SharedMemory is off)"
            : queue.IsNicConfigured ? "this process has set the interface up, and undoes the changes at its end (ConfigureNic)"
            : memory.IsSharedWithProcess ? "the former process still receives for its own connections"
            : memory.Rings > 1 ? "two rings of this process receive into it"
            : null;
    }

    /// <summary>Prepares a queue for an offer. From now on, no area is added to the queue.</summary>
    /// <exception cref="ZcrxException">The kernel refused to export the queue. The queue is unchanged.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    /// <exception cref="IOException">The process has no free descriptor.</exception>
    public static async Task<OutgoingQueue> PrepareAsync(ZcrxQueue queue)
    {
        // The areas are fixed before the queue is exported, because the other process would not learn of an area that is added later.
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

    /// <summary>Commits the takeover, so that the other process continues the queue.</summary>
    public void Commit()
    {
        CloseTheirs();
        _memory.IsSharedWithProcess = true;
        _memory.Unused = OnUnused;
        // The rings of this process keep the queue open from now on, so the export is no longer needed.
        _exported.Dispose();
        _ = CommitAsync();
    }

    /// <summary>Withdraws the offer if it was not committed. Does nothing after <see cref="Commit"/>.</summary>
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

    /// <summary>
    /// Returns a task that completes when this process has stopped sending buffers. Called after the other process has ended.
    /// </summary>
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
        // The ring thread stops writing the refill queue when its current turn has ended. A handler can make this turn arbitrarily long.
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
        // If this process has opened another ring for the queue in the meantime, that ring writes the refill queue and this call does
        // nothing.
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
                // A full fence. If a thread adds a buffer after the fence, it wakes this loop again.
                Interlocked.Exchange(ref _wakePending, 0);
                bool isLast = _isUnused;
                for (int words = Fill(); words > 0; words = Fill())
                {
                    await _channel.SendAsync(words).ConfigureAwait(false);
                }

                if (isLast)
                {
                    // This process has no buffer left, so only the other process uses the queue now.
                    _channel.Dispose();
                    return;
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The other process has ended. CommitAsync, which waits for the end of the channel, handles this.
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
