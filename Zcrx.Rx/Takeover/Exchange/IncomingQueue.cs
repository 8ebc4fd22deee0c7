using Zcrx.Interop;
using Zcrx.Interop.Memory;
using Zcrx.Rx.Takeover;

namespace Zcrx.Rx;

/// <summary>
/// Represents an interface queue that this process takes over from another process. The other process still receives for its own
/// connections. Open the queue with
/// <see cref="ZcrxQueue.ImportAsync(IncomingQueue, ZcrxQueueOptions, ZcrxSuspendedConnections?, CancellationToken)"/>.
/// </summary>
/// <remarks>
/// Ownership: the caller of <see cref="ZcrxTakeover.TakeQueue"/> disposes the object, whether it was imported or not. This process receives
/// nothing before <see cref="ZcrxTakeover.CommitAsync"/>. Threading: all members are thread-safe.
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

    /// <summary>Gets the name of the queue.</summary>
    public string Name => _manifest.Name;

    /// <summary>Gets the NIC's RX queue that the queue receives from; null without a NIC.</summary>
    public RxQueueId? RxQueue => _manifest.InterfaceOrNone is { } name ? new RxQueueId(name, (int)_manifest.RxQueue) : null;

    /// <summary>Gets the size of the queue's memory in bytes.</summary>
    public long AreaSize => _manifest.AreaLengths.Sum();

    /// <summary>
    /// Gets a task that completes when the other process no longer uses the queue and its buffers were reclaimed. It is cancelled if this
    /// process closes the queue first. The result is the number of buffers that consumers of the other process leased, as that process
    /// reported last. Further buffers may have been in flight.
    /// </summary>
    public Task<int> Released => _released.Task;

    internal ExportedQueue Exported { get; }

    /// <summary>Creates a queue from a received manifest.</summary>
    /// <param name="manifest">The description of the queue, as received.</param>
    /// <param name="take">Returns the descriptor at an index. This method owns the descriptors that it takes.</param>
    /// <param name="kernel">The kernel that the descriptors belong to.</param>
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

    /// <summary>Determines whether these options describe this queue.</summary>
    internal bool Matches(ZcrxQueueOptions options) => options.Name == Name && (RxQueue is { } nic
        ? options.Engine is ZcrxEngine.Auto or ZcrxEngine.Nic && options.Interface == nic.Interface && options.RxQueue == nic.Queue
        // Without a NIC, continuing a queue has no advantage. If its configured size has changed, the queue is therefore opened again
        // instead.
        : options.Engine is ZcrxEngine.Auto or ZcrxEngine.DeviceLess && options.Interface is null && options.HugePages == _manifest.HugePages && IsOfSize(options.AreaSize));

    /// <summary>Closes the queue if it was not imported.</summary>
    public void Dispose() => Exported.Dispose();

    /// <summary>
    /// Records that the takeover was committed. Before that, this process must not act on the end of the channel, because a failed takeover
    /// ends the channel, too.
    /// </summary>
    internal void Commit() => _committed.TrySetResult();

    /// <summary>
    /// Returns a task that completes when the other process no longer writes refill entries, because it has reported this or has ended.
    /// </summary>
    Task IRefillProducer.CedeAsync() => _begun.Task;

    /// <summary>Returns false, because this object never makes the other process write refill entries again.</summary>
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
                    // A control word of a later version of the protocol. It is ignored.
                    break;
            }
        }

        if (news)
        {
            _memory.WakeProducer();
        }
    }

    /// <summary>
    /// Ends the channel, because this process has closed the queue and returned its last buffer. The other process may then write the
    /// refill queue again.
    /// </summary>
    private void OnUnused()
    {
        _released.TrySetCanceled();
        _begun.TrySetResult();
        _channel.Dispose();
    }
}
