using System.Collections.Concurrent;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Memory;

namespace Zcrx.Interop;

/// <summary>
/// Represents the memory of an interface queue, which consists of areas, refill queue and counters. All rings that use the queue share it.
/// It outlives the ring that registered the queue.
/// </summary>
/// <remarks>
/// Reference-counted: each ring that uses the queue and each export has a reference. Threading: all members from any thread. Only one
/// component at a time, the producer, writes the refill queue. Other rings, rings that have ended, and other processes pass returned
/// buffers to the producer through this class.
/// </remarks>
internal sealed class QueueMemory(MemoryRegion region, in io_uring_zcrx_offsets offsets, uint entries, int bufferLength, nuint? statisticsOffset)
{
    // Lock order: _ringsGate, then _gate or a lock of the kernel. Reclaiming buffers and adding areas happen under _ringsGate and take the
    // other locks. _switching is awaited without a lock, and no ring thread waits for it.
    private readonly Lock _gate = new();
    private readonly Lock _ringsGate = new();
    private readonly SwitchGate _switching = new();
    private readonly List<MemoryRegion> _areas = [];
    private readonly ConcurrentQueue<ulong> _returned = new();
    private volatile IRefillProducer? _producer;
    // Former producers, which another producer has replaced, the latest at the end. Guarded by _switching.
    private readonly List<IRefillProducer> _former = [];
    private Action? _unused;
    private int _owners = 1;
    private int _rings;
    private int _leasedByOtherRings;
    private int _leasedByOtherProcess;
    private volatile bool _isReclaimWanted;
    private volatile bool _hasFixedAreas;
    private volatile bool _isSharedWithProcess;

    /// <summary>Gets the region of the refill queue and the counters.</summary>
    public MemoryRegion Region => region;

    /// <summary>Gets the offsets of the parts of the refill queue in the region.</summary>
    public io_uring_zcrx_offsets Offsets { get; } = offsets;

    /// <summary>Gets the number of entries of the refill queue.</summary>
    public uint Entries => entries;

    /// <summary>Gets the length of one buffer in bytes.</summary>
    public int BufferLength => bufferLength;

    /// <summary>Gets the offset of the copy counters in the region; null when the kernel keeps none.</summary>
    public nuint? StatisticsOffset => statisticsOffset;

    /// <summary>Gets the name of the queue's interface; null in device-less mode.</summary>
    public string? Interface { get; init; }

    /// <summary>Gets the index of the RX queue on the interface.</summary>
    public uint RxQueue { get; init; }

    /// <summary>Gets the areas in the order of their ids.</summary>
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

    /// <summary>Adds an area that the kernel has accepted. Takes ownership of one reference to the area.</summary>
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

    /// <summary>
    /// Releases one reference. The last release frees the memory, except areas with leased buffers, which are freed later.
    /// </summary>
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

    /// <summary>
    /// Gets or sets the action that runs when the memory is unused. No ring and no export of this process then uses the queue, and no
    /// consumer leases a buffer. Set it before the queue is used.
    /// </summary>
    public Action? Unused { get => _unused; set => _unused = value; }

    /// <summary>
    /// Gets or sets a value indicating whether adding areas is forbidden, because another process has mapped the current ones. When the
    /// setter returns, no area is being added.
    /// </summary>
    public bool HasFixedAreas
    {
        get => _hasFixedAreas;
        set
        {
            lock (_ringsGate)
            {
                _hasFixedAreas = value;
            }
        }
    }

    /// <summary>Adds an area, if no other ring and no other process uses the current ones.</summary>
    /// <param name="add">Makes the kernel accept the area, and calls <see cref="Add"/>.</param>
    /// <returns>False when no area may be added.</returns>
    /// <remarks>A ring that imports the queue is counted in <see cref="Rings"/> before it reads the areas, so it misses no area.</remarks>
    public bool TryAddArea(Action add)
    {
        lock (_ringsGate)
        {
            if (_hasFixedAreas || Rings > 1)
            {
                return false;
            }

            add();
            return true;
        }
    }

    /// <summary>Gets or sets a value indicating whether another process also uses the queue.</summary>
    public bool IsSharedWithProcess { get => _isSharedWithProcess; set => _isSharedWithProcess = value; }

    /// <summary>Gets the number of rings of this process that receive into the memory.</summary>
    public int Rings => Volatile.Read(ref _rings);

    /// <summary>Changes the number of rings that use the queue.</summary>
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

    /// <summary>
    /// Runs <paramref name="reclaim"/> if reclaiming is requested and possible. No other ring can begin to use the queue during the call.
    /// </summary>
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
    /// Requests that the producer reclaims buffers. Those that no consumer of this process leases then return to the kernel. Called after
    /// another process has ended, or after a ring has lost completions. The producer waits until no other ring uses the memory and no
    /// consumer of another ring leases a buffer.
    /// </summary>
    public void Reclaim()
    {
        _isReclaimWanted = true;
        WakeProducer();
    }

    /// <summary>Gets a value indicating whether reclaiming is requested and possible.</summary>
    private bool IsReclaimDue => _isReclaimWanted && Rings <= 1 && Volatile.Read(ref _leasedByOtherRings) <= 0;

    /// <summary>
    /// Gets or sets the action that runs on the ring thread after buffers were reclaimed. Set it before <see cref="Reclaim"/> is called.
    /// </summary>
    public Action? Reclaimed { get; set; }

    /// <summary>Ends the request to reclaim buffers, and runs <see cref="Reclaimed"/>.</summary>
    public void OnReclaimed()
    {
        _isReclaimWanted = false;
        Reclaimed?.Invoke();
    }

    /// <summary>Passes a buffer to the producer, which writes its refill entry.</summary>
    public void Return(ulong offset)
    {
        Enqueue(offset);
        WakeProducer();
    }

    /// <summary>Passes a buffer to the producer without waking it. Call <see cref="WakeProducer"/> after the last one.</summary>
    public void Enqueue(ulong offset) => _returned.Enqueue(offset);

    /// <summary>Wakes the producer.</summary>
    public void WakeProducer() => _producer?.Wake();

    /// <summary>Passes a released buffer to the producer, and subtracts it from <see cref="LeasedElsewhere"/>.</summary>
    public void ReturnLeased(ulong offset)
    {
        Enqueue(offset);
        AddLeasedByOtherRings(-1);
        WakeProducer();
        ConsiderUnused();
    }

    /// <summary>
    /// Gets the number of buffers that consumers of other rings and other processes lease. The producer's own count does not include them.
    /// </summary>
    public int LeasedElsewhere => Volatile.Read(ref _leasedByOtherRings) + Volatile.Read(ref _leasedByOtherProcess);

    /// <summary>Sets the number of buffers that consumers of another process lease, for <see cref="LeasedElsewhere"/>.</summary>
    public void SetLeasedByOtherProcess(int kept) => Volatile.Write(ref _leasedByOtherProcess, kept);

    /// <summary>
    /// Changes the number of buffers that consumers of other rings lease, for <see cref="LeasedElsewhere"/>. The producer's ring is not
    /// included.
    /// </summary>
    public void AddLeasedByOtherRings(int change) => Interlocked.Add(ref _leasedByOtherRings, change);

    /// <summary>Takes a buffer that was passed to the producer. Called by the producer.</summary>
    public bool TryTake(out ulong offset) => _returned.TryDequeue(out offset);

    /// <summary>Makes a component the producer, after the current producer has stopped writing.</summary>
    /// <param name="next">The component that becomes the producer.</param>
    /// <param name="onlyAfter">If not null, the method does nothing unless this is the current producer.</param>
    public async Task SwitchToAsync(IRefillProducer next, IRefillProducer? onlyAfter = null)
    {
        await _switching.EnterAsync().ConfigureAwait(false);
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
            _switching.Leave();
        }
    }

    /// <summary>
    /// Removes a producer that has ended. If it was the current producer, the latest former producer that can still write takes its place.
    /// </summary>
    /// <param name="ended">The producer that has ended.</param>
    public async Task ResignAsync(IRefillProducer ended)
    {
        await _switching.EnterAsync().ConfigureAwait(false);
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
            _switching.Leave();
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
        // Set the producer before it begins. Buffers that return from now on wake the producer, which takes them once it has begun.
        _producer = producer;
        if (await producer.BeginAsync().ConfigureAwait(false))
        {
            return true;
        }

        _producer = null;
        return false;
    }

    /// <summary>Sets the first producer: the ring that registered the queue.</summary>
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

        if (Volatile.Read(ref _leasedByOtherRings) <= 0)
        {
            Interlocked.Exchange(ref _unused, null)?.Invoke();
        }
    }
}
