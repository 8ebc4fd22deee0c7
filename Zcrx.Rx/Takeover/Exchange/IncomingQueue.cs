using Zcrx.Interop;
using Zcrx.Interop.Memory;
using Zcrx.Rx.Takeover;

namespace Zcrx.Rx;

/// <summary>An interface queue that comes from another process, which still receives into it for its own connections. Go on with it by <see cref="ZcrxQueue.ImportAsync(IncomingQueue, ZcrxQueueOptions, ZcrxSuspendedConnections?, CancellationToken)"/>.</summary>
/// <remarks>
/// Owned by whoever took it from <see cref="ZcrxTakeover.TakeQueue"/>; dispose it, imported or not. Nothing is received before <see cref="ZcrxTakeover.CommitAsync"/>. Usable from any thread.
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

    /// <summary>What it is called.</summary>
    public string Name => _manifest.Name;

    /// <summary>The RX queue that it receives from; null without a NIC.</summary>
    public RxQueueId? RxQueue => _manifest.InterfaceOrNone is { } name ? new RxQueueId(name, (int)_manifest.RxQueue) : null;

    /// <summary>Size of its memory, in bytes.</summary>
    public long AreaSize => _manifest.AreaLengths.Sum();

    /// <summary>
    /// Ends when the process that it came from has no part in it any more, and what that process had of its buffers has been taken back: with how many its consumers had kept,
    /// as it last said. More may have been on their way. Cancelled when the queue was closed before.
    /// </summary>
    public Task<int> Released => _released.Task;

    internal ExportedQueue Exported { get; }

    /// <summary>Takes over what came.</summary>
    /// <param name="manifest">What it is.</param>
    /// <param name="take">Its descriptors, by their number; they are this call's.</param>
    /// <param name="kernel">Whose they are.</param>
    /// <exception cref="InvalidDataException">They are not what the manifest says.</exception>
    /// <exception cref="ZcrxMemoryException">They cannot be mapped.</exception>
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

    /// <summary>Whether it is what these options describe.</summary>
    internal bool Matches(ZcrxQueueOptions options) => options.Name == Name && (RxQueue is { } nic
        ? options.Engine is ZcrxEngine.Auto or ZcrxEngine.Nic && options.Interface == nic.Interface && options.RxQueue == nic.Queue
        // Without a NIC nothing is gained that would outweigh another size.
        : options.Engine is ZcrxEngine.Auto or ZcrxEngine.DeviceLess && options.Interface is null && options.HugePages == _manifest.HugePages && IsOfSize(options.AreaSize));

    /// <summary>Lets it go, unless it has been imported.</summary>
    public void Dispose() => Exported.Dispose();

    /// <summary>The other process has let go of it, or is dead; before that, the end of the channel only says that nothing came of it.</summary>
    internal void Commit() => _committed.TrySetResult();

    /// <summary>Ends when the other process writes no refill entries any more: it has said so, or has ended.</summary>
    Task IRefillProducer.CedeAsync() => _begun.Task;

    /// <summary>The other process never writes again once it has stopped.</summary>
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
                    // A later version's.
                    break;
            }
        }

        if (news)
        {
            _memory.WakeProducer();
        }
    }

    /// <summary>The queue has been closed here, and its last buffer is back: the other process may have it again.</summary>
    private void OnUnused()
    {
        _released.TrySetCanceled();
        _begun.TrySetResult();
        _channel.Dispose();
    }
}
