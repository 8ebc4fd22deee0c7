using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Memory;

namespace Zcrx.Interop;

/// <summary>What an interface queue consists of in user space: its areas, its refill queue, its counters. Outlives the ring that registered it, for those who import it.</summary>
/// <remarks>
/// Counted: every ring that uses the queue and every export holds it. Threading: all members from any thread. Buffers that come back to somebody
/// who does not write the refill queue (a loop that has ended or was replaced, another process) go through here to the one who does.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore's wait handle is never used, so there is nothing to dispose.")]
internal sealed class QueueMemory(MemoryRegion region, in io_uring_zcrx_offsets offsets, uint entries, int bufferLength, nuint? statisticsOffset)
{
    // Lock order: _ringsGate, then _gate or a lock of the kernel. Reclaiming runs under _ringsGate, reads the areas, and flushes the refill queue.
    // _switching is awaited without a lock, and no ring thread waits for it.
    private readonly Lock _gate = new();
    private readonly Lock _ringsGate = new();
    private readonly SemaphoreSlim _switching = new(1, 1);
    private readonly List<MemoryRegion> _areas = [];
    private readonly ConcurrentQueue<ulong> _returned = new();
    private volatile IRefillProducer? _producer;
    // Those that have ceded, the latest last. Under _switching.
    private readonly List<IRefillProducer> _former = [];
    private Action? _unused;
    private int _owners = 1;
    private int _rings;
    private int _keptElsewhere;
    private int _keptByOthers;
    private volatile bool _isReclaimWanted;
    private volatile bool _isSettled;
    private volatile bool _isWithOthers;

    /// <summary>Where refill queue and counters lie.</summary>
    public MemoryRegion Region => region;

    /// <summary>Where the refill queue lies in it.</summary>
    public io_uring_zcrx_offsets Offsets { get; } = offsets;

    /// <summary>Entries of the refill queue.</summary>
    public uint Entries => entries;

    /// <summary>Bytes of one buffer.</summary>
    public int BufferLength => bufferLength;

    /// <summary>Where the counters lie in the region; null when the kernel keeps none.</summary>
    public nuint? StatisticsOffset => statisticsOffset;

    /// <summary>The interface that the queue belongs to; null without a device.</summary>
    public string? Interface { get; init; }

    /// <summary>The RX queue on it.</summary>
    public uint RxQueue { get; init; }

    /// <summary>The areas by their ids.</summary>
    public IReadOnlyList<MemoryRegion> Areas
    {
        get
        {
            lock (_gate)
            {
                return [.. _areas];
            }
        }
    }

    public unsafe zcrx_stats* Statistics => statisticsOffset is { } offset ? (zcrx_stats*)(region.Address + (nint)offset) : null;

    /// <summary>The kernel has another area; the caller's count on it goes over.</summary>
    public void Add(MemoryRegion area)
    {
        lock (_gate)
        {
            _areas.Add(area);
        }
    }

    public void AddOwner()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_owners == 0, typeof(ExportedQueue));
            _owners++;
        }
    }

    /// <summary>Gives up one count; with the last one the memory goes, except for areas with buffers that are out.</summary>
    public void Release()
    {
        lock (_gate)
        {
            if (--_owners > 0)
            {
                return;
            }
        }

        _areas.ForEach(static area => area.Release());
        region.Release();
        ConsiderUnused();
    }

    /// <summary>Called once, when no ring and no export of this process holds the queue any more, and no consumer a buffer of it. Set before the queue is used.</summary>
    public Action? Unused { get => _unused; set => _unused = value; }

    /// <summary>Whether the areas must stay as they are: another process has been told of them.</summary>
    public bool IsSettled { get => _isSettled; set => _isSettled = value; }

    /// <summary>Whether another process has the queue as well.</summary>
    public bool IsWithOthers { get => _isWithOthers; set => _isWithOthers = value; }

    /// <summary>Rings of this process that receive into the memory.</summary>
    public int Rings => Volatile.Read(ref _rings);

    /// <summary>A ring begins to use the queue, or has ended.</summary>
    public void AddRings(int change)
    {
        int rings;
        lock (_ringsGate)
        {
            rings = Interlocked.Add(ref _rings, change);
        }

        if (rings > 0)
        {
            WakeProducer();
        }
    }

    /// <summary>Runs the reclaiming if it is due, and keeps other rings from beginning to use the queue meanwhile.</summary>
    public void ReclaimIfDue(Action reclaim)
    {
        if (!IsReclaimDue)
        {
            return;
        }

        lock (_ringsGate)
        {
            if (IsReclaimDue)
            {
                reclaim();
            }
        }
    }

    /// <summary>
    /// Another process that received into the memory has ended, and may have had buffers: whatever nobody here has is to go to the kernel. Whoever writes the refill
    /// queue does that, once no other ring and no consumer of one has any buffer.
    /// </summary>
    public void Reclaim()
    {
        _isReclaimWanted = true;
        WakeProducer();
    }

    /// <summary>Whether that is to be done, and can be.</summary>
    private bool IsReclaimDue => _isReclaimWanted && Rings <= 1 && Volatile.Read(ref _keptElsewhere) <= 0;

    /// <summary>Called on the ring's thread when that has been done. Set before it can be asked for.</summary>
    public Action? Reclaimed { get; set; }

    /// <summary>It has been done.</summary>
    public void OnReclaimed()
    {
        _isReclaimWanted = false;
        Reclaimed?.Invoke();
    }

    /// <summary>A buffer has come back to somebody who does not write the refill queue.</summary>
    public void Return(ulong offset)
    {
        Enqueue(offset);
        WakeProducer();
    }

    /// <summary>The same, when others follow: <see cref="WakeProducer"/> comes behind the last of them.</summary>
    public void Enqueue(ulong offset) => _returned.Enqueue(offset);

    /// <summary>Whoever writes the refill queue is to look.</summary>
    public void WakeProducer() => _producer?.Wake();

    /// <summary>The same for a buffer that consumers had kept, and that counts as <see cref="LeasedElsewhere"/>.</summary>
    public void ReturnKept(ulong offset)
    {
        Enqueue(offset);
        AddLeasedElsewhere(-1);
        WakeProducer();
        ConsiderUnused();
    }

    /// <summary>Buffers that are kept by consumers of those who do not write the refill queue, in other processes too: whoever does has to count without them.</summary>
    public int LeasedElsewhere => Volatile.Read(ref _keptElsewhere) + Volatile.Read(ref _keptByOthers);

    /// <summary>How many consumers of another process keep.</summary>
    public void SetKeptByOthers(int kept) => Volatile.Write(ref _keptByOthers, kept);

    /// <summary>They have become more or fewer.</summary>
    public void AddLeasedElsewhere(int change) => Interlocked.Add(ref _keptElsewhere, change);

    /// <summary>Such a buffer, for whoever writes the refill queue.</summary>
    public bool TryTake(out ulong offset) => _returned.TryDequeue(out offset);

    /// <summary>Lets somebody write the refill queue, once whoever did so has stopped.</summary>
    /// <param name="next">Who.</param>
    /// <param name="onlyAfter">If somebody else than this one writes it by then, nothing changes; null for whoever does.</param>
    public async Task SwitchToAsync(IRefillProducer next, IRefillProducer? onlyAfter = null)
    {
        await _switching.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_producer == next || (onlyAfter is not null && _producer != onlyAfter))
            {
                return;
            }

            if (_producer is { } previous)
            {
                await previous.CedeAsync().ConfigureAwait(false);
                _former.Add(previous);
            }

            if (!await TryBeginAsync(next).ConfigureAwait(false))
            {
                await ReturnToFormerAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _switching.Release();
        }
    }

    /// <summary>A producer has ended. If it wrote the refill queue, the latest one before it that can still write does so again.</summary>
    /// <param name="ended">The producer.</param>
    public async Task ResignAsync(IRefillProducer ended)
    {
        await _switching.WaitAsync().ConfigureAwait(false);
        try
        {
            _former.RemoveAll(producer => producer == ended);
            if (_producer == ended)
            {
                await ReturnToFormerAsync().ConfigureAwait(false);
            }
        }
        finally
        {
            _switching.Release();
        }
    }

    private async Task ReturnToFormerAsync()
    {
        _producer = null;
        while (_former.Count > 0 && _producer is null)
        {
            IRefillProducer former = _former[^1];
            _former.RemoveAt(_former.Count - 1);
            await TryBeginAsync(former).ConfigureAwait(false);
        }
    }

    private async Task<bool> TryBeginAsync(IRefillProducer producer)
    {
        // Before it begins: buffers that come back meanwhile wake it, and it looks for them once it has begun.
        _producer = producer;
        if (await producer.BeginAsync().ConfigureAwait(false))
        {
            return true;
        }

        _producer = null;
        return false;
    }

    /// <summary>Who registered the queue writes its refill queue from the start.</summary>
    public void Register(IRefillProducer first) => _producer = first;

    private void ConsiderUnused()
    {
        lock (_gate)
        {
            if (_owners > 0)
            {
                return;
            }
        }

        if (Volatile.Read(ref _keptElsewhere) <= 0)
        {
            Interlocked.Exchange(ref _unused, null)?.Invoke();
        }
    }
}
