using Zcrx.Interop;
using Zcrx.Interop.Memory;
using Zcrx.Rx.Takeover;

namespace Zcrx.Rx;

/// <summary>
/// Represents an interface queue that comes from another process, which still receives for its own connections. Open it with
/// <see cref="ZcrxQueue.ImportAsync(IncomingQueue, ZcrxQueueOptions, ZcrxSuspendedConnections?, CancellationToken)"/>.
/// </summary>
/// <remarks>
/// Ownership: the caller of <see cref="ZcrxTakeover.TakeQueue"/> disposes the object, imported or not. Nothing is received before
/// <see cref="ZcrxTakeover.CommitAsync"/>. Threading: all members are thread-safe.
/// </remarks>
public sealed class IncomingQueue : IRefillProducer, IDisposable
{
    private readonly QueueManifest _manifest;
    private readonly QueueChannel _channel;
    private readonly QueueMemory _memory;
    private readonly TaskCompletionSource _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _kept;

    private IncomingQueue(QueueManifest manifest, QueueChannel channel, QueueMemory memory, ExportedQueue exported)
    {
        _manifest = manifest;
        _channel = channel;
        _memory = memory;
        Exported = exported;
        memory.IsSharedWithProcess = true;
        memory.HasFixedAreas = true;
        memory.Register(this);
        memory.Unused = OnUnused;
        memory.Reclaimed = () => _released.TrySetResult(_kept);
        _ = ReceiveAsync();
    }

    /// <summary>Gets the queue's name.</summary>
    public string Name => _manifest.Name;

    /// <summary>Gets the RX queue that the queue receives from; null without a NIC.</summary>
    public RxQueueId? RxQueue => _manifest.InterfaceOrNone is { } name ? new RxQueueId(name, (int)_manifest.RxQueue) : null;

    /// <summary>Gets the size of the queue's memory in bytes.</summary>
    public long AreaSize => _manifest.AreaLengths.Sum();

    /// <summary>
    /// Gets a task that completes when the former process no longer uses the queue and the buffers of that process were reclaimed. The
    /// result is the number of buffers that its consumers leased, as that process last reported. More may have been in flight. The task is
    /// cancelled if the queue is closed first.
    /// </summary>
    public Task<int> Released => _released.Task;

    internal ExportedQueue Exported { get; }

    /// <summary>Creates a queue from a received manifest.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="take">Takes a descriptor by its index. This method owns the descriptors that it takes.</param>
    /// <param name="kernel">The kernel of the descriptors.</param>
    /// <exception cref="InvalidDataException">The descriptors do not match the manifest.</exception>
    /// <exception cref="ZcrxMemoryException">The memory cannot be mapped.</exception>
    internal static IncomingQueue Create(QueueManifest manifest, Func<int, int> take, IIoUringKernel kernel)
    {
        int export = take(0);
        QueueChannel? channel = null;
        List<MemoryRegion> regions = [];
        try
        {
            channel = new QueueChannel(take(1));
            regions.Add(MemoryRegion.MapFile(take(2), (nuint)manifest.RegionLength, hugePages: false, "the refill queue"));
            for (int i = 0; i < manifest.AreaLengths.Count; i++)
            {
                regions.Add(MemoryRegion.MapFile(take(QueueManifest.FixedDescriptors + i), (nuint)manifest.AreaLengths[i], manifest.HugePages, "the area"));
            }
        }
        catch
        {
            _ = kernel.Close(export);
            channel?.Dispose();
            regions.ForEach(static region => region.Release());
            throw;
        }

        QueueMemory memory = new(regions[0], manifest.Offsets, manifest.Entries, manifest.BufferLength, manifest.StatisticsOffsetOrNone)
        {
            Interface = manifest.InterfaceOrNone,
            RxQueue = manifest.RxQueue,
        };
        regions.Skip(1).ToList().ForEach(memory.Add);
        IncomingQueue queue = new(manifest, channel, memory, new ExportedQueue(kernel, export, memory));
        memory.Release();
        return queue;
    }

    /// <summary>Determines whether these options describe the queue.</summary>
    internal bool Matches(ZcrxQueueOptions options) => options.Name == Name && (RxQueue is { } nic
        ? options.Engine is ZcrxEngine.Auto or ZcrxEngine.Nic && options.Interface == nic.Interface && options.RxQueue == nic.Queue
        // Without a NIC, continuing a queue has no advantage, so a queue whose configured size differs is opened again instead.
        : options.Engine is ZcrxEngine.Auto or ZcrxEngine.DeviceLess && options.Interface is null && options.HugePages == _manifest.HugePages && IsOfSize(options.AreaSize));

    /// <summary>Closes the queue unless it was imported.</summary>
    public void Dispose() => Exported.Dispose();

    /// <summary>Records the commit. Before the commit, the end of the channel only means that the takeover has failed.</summary>
    internal void Commit() => _committed.TrySetResult();

    /// <summary>
    /// Returns a task that ends when the other process has stopped writing refill entries: it has reported that, or has ended.
    /// </summary>
    Task IRefillProducer.CedeAsync() => _begun.Task;

    /// <summary>Returns false: the other process never writes again once it has stopped.</summary>
    Task<bool> IRefillProducer.BeginAsync() => Task.FromResult(false);

    void IRefillProducer.Wake()
    {
    }

    private bool IsOfSize(long size)
    {
        const long HugePage = 2 * 1024 * 1024;
        long over = _manifest.AreaLengths[0] - size;
        return over >= 0 && over < (_manifest.HugePages ? HugePage : Environment.SystemPageSize);
    }

    private async Task ReceiveAsync()
    {
        await _channel.ReceiveAllAsync(OnWords).ConfigureAwait(false);
        await _committed.Task.ConfigureAwait(false);
        _channel.Dispose();
        _memory.SetLeasedByOtherProcess(0);
        _memory.IsSharedWithProcess = false;
        _memory.HasFixedAreas = false;
        _begun.TrySetResult();
        _memory.Reclaim();
    }

    private void OnWords(ReadOnlySpan<ulong> words)
    {
        bool news = false;
        foreach (ulong word in words)
        {
            if (!QueueChannel.IsRemark(word))
            {
                _memory.Enqueue(word);
                news = true;
                continue;
            }

            switch (QueueChannel.KindOf(word))
            {
                case QueueChannel.Begin:
                    _begun.TrySetResult();
                    break;
                case QueueChannel.Leased:
                    _kept = (int)(uint)word;
                    _memory.SetLeasedByOtherProcess(_kept);
                    news = true;
                    break;
                default:
                    // A control word of a later version, which is ignored.
                    break;
            }
        }

        if (news)
        {
            _memory.WakeProducer();
        }
    }

    /// <summary>
    /// Ends the channel: this process has closed the queue and returned its last buffer. The other process may then
    /// write the refill queue again.
    /// </summary>
    private void OnUnused()
    {
        _released.TrySetCanceled();
        _begun.TrySetResult();
        _channel.Dispose();
    }
}
