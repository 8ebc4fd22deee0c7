using System.Diagnostics.CodeAnalysis;
using System.Net;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Emulation;
using Zcrx.Interop.Nic;

namespace Zcrx.Interop;

/// <summary>
/// Represents a network interface of the emulated kernel: RX queues with NAPI ids, header/data split, an RSS table and flow rules. As on
/// hardware, a flow that arrives on the RX queue of an interface queue is received without a copy. Any other flow is copied.
/// </summary>
/// <remarks>
/// <para>If an interface queue of this interface receives for a TCP connection, the connection is treated as if it arrived here, even on
/// loopback. The sockets are real. This class determines their RX queue.</para>
/// <para>Bytes that wait in a socket lie in the memory of the interface queue on whose RX queue they arrived. Steering the flow to another
/// queue does not move them. A receive on another interface queue ends with −EFAULT at these bytes. When their interface queue is closed,
/// the bytes are lost.</para>
/// <para>Unlike on hardware, a packet takes a buffer when it is received from the socket, not when it arrives. Unread bytes therefore use
/// no buffers. There is no descriptor ring that holds buffers in advance.</para>
/// <para>Threading: any thread. One instance may serve several kernels, as one interface serves several processes.</para>
/// </remarks>
public sealed class EmulatedNic
{
    // Real interfaces have much smaller indexes, so the indexes never collide.
    private const int FirstIndex = 1 << 24;
    // Larger than any processor number. In the kernel, NAPI ids start above the processor numbers.
    private const int FirstNapiId = 8193;

    private static int _lastIndex = FirstIndex;

    // EmulatedKernel documents the lock order.
    private readonly Lock _gate = new();
    private readonly EmulatedRxQueues _queues;
    private readonly EmulatedBacklog _backlog = new();
    private EmulatedSteering _steering;
    private bool _split;
    private int _hdsThreshold;
    private int _packetsPerBuffer;
    private bool _isUp = true;
    private bool _isRemoved;
    private int _changes = 1;

    /// <summary>Creates an interface that is up, with an RSS table spread evenly over all queues and without flow rules.</summary>
    /// <param name="options">The options; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public EmulatedNic(EmulatedNicOptions? options = null)
    {
        Options = options ?? new EmulatedNicOptions();
        if (Options.FindProblem() is { } problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }

        _queues = new EmulatedRxQueues(Options.RxQueues);
        Appear();
    }

    /// <summary>Gets the options.</summary>
    public EmulatedNicOptions Options { get; }

    /// <summary>Gets the name.</summary>
    public string Name => Options.Name;

    /// <summary>
    /// Gets the interface index, which differs from the indexes of real interfaces. The index changes each time that the interface is
    /// restored.
    /// </summary>
    public uint Index { get; private set; }

    /// <summary>Gets the number of RX queues.</summary>
    public int RxQueues => _queues.Count;

    /// <summary>Gets or sets a value indicating whether packets arrive. While the interface is down, bytes wait at the sender.</summary>
    public bool IsUp
    {
        get => Volatile.Read(ref _isUp);
        set
        {
            Change(() => _isUp = value);
            LinkChanged?.Invoke();
        }
    }

    /// <summary>Gets a value indicating whether <see cref="Remove"/> has removed the interface.</summary>
    public bool IsRemoved => Volatile.Read(ref _isRemoved);

    /// <summary>Gets or sets a value indicating whether headers and payload arrive in separate buffers.</summary>
    /// <exception cref="InvalidOperationException">An interface queue needs the split.</exception>
    public bool HeaderDataSplit
    {
        get => Volatile.Read(ref _split);
        set => SetHeaderDataSplit(value, HdsThreshold);
    }

    /// <summary>Gets the size in bytes up to which the headers and the payload of a packet stay in one buffer. Zero copy needs 0.</summary>
    public int HdsThreshold => Volatile.Read(ref _hdsThreshold);

    /// <summary>Gets or sets the number of packets that the interface puts into one buffer from now on, 1 to 64.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int PacketsPerBuffer
    {
        get => Volatile.Read(ref _packetsPerBuffer);
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 64);
            Volatile.Write(ref _packetsPerBuffer, value);
        }
    }

    /// <summary>Gets or sets the RSS table, which has 128 entries. Each entry is the RX queue of one hash bucket.</summary>
    /// <exception cref="ArgumentException">The table has another size, or names a queue that does not exist.</exception>
    public IReadOnlyList<int> RssTable
    {
        get => Volatile.Read(ref _steering).Table;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Count != EmulatedSteering.TableSize || value.Any(queue => queue < 0 || queue >= RxQueues))
            {
                throw new ArgumentException($"The table has {EmulatedSteering.TableSize} entries, each one of the {RxQueues} queues of {Name}.", nameof(value));
            }

            int[] table = [.. value];
            Change(() => _steering.Table = table);
        }
    }

    /// <summary>Gets the flow rules by id. The most specific matching rule applies. Of several such rules, the lowest id applies.</summary>
    public IReadOnlyDictionary<int, FlowRule> Rules
    {
        get
        {
            lock (_gate)
            {
                return _steering.Rules;
            }
        }
    }

    /// <summary>Gets the state of the link.</summary>
    internal LinkState Link => IsRemoved ? LinkState.Removed : IsUp ? LinkState.Up : LinkState.Down;

    /// <summary>Raised when the interface goes up, goes down or is removed. Runs on the thread that changes the interface.</summary>
    internal event Action? LinkChanged;

    /// <summary>Gets the number of changes so far that may have moved flows to other RX queues.</summary>
    internal int Changes => Volatile.Read(ref _changes);

    /// <summary>Turns header/data split on or off, and sets the size up to which packets are not split.</summary>
    /// <param name="split">Whether headers and payload arrive in separate buffers.</param>
    /// <param name="threshold">The size in bytes; 0 to split all packets.</param>
    /// <exception cref="InvalidOperationException">An interface queue needs every packet to be split.</exception>
    public void SetHeaderDataSplit(bool split, int threshold)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threshold);
        Change(() =>
        {
            if ((!split || threshold != 0) && _queues.AnyBound)
            {
                throw new InvalidOperationException($"An interface queue on {Name} needs header/data split; close it first.");
            }

            (_split, _hdsThreshold) = (split, threshold);
        });
    }

    /// <summary>Adds a flow rule.</summary>
    /// <param name="rule">The rule.</param>
    /// <returns>The id of the rule, for <see cref="RemoveRule"/>.</returns>
    /// <exception cref="ArgumentException">The queue does not exist.</exception>
    public int AddRule(FlowRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        CheckQueue(rule.Queue);
        int id = 0;
        Change(() => id = _steering.Add(rule));
        return id;
    }

    /// <summary>Removes a flow rule.</summary>
    /// <param name="id">The id that <see cref="AddRule"/> returned.</param>
    /// <returns>False when no rule has that id.</returns>
    public bool RemoveRule(int id)
    {
        bool removed = false;
        Change(() => removed = _steering.Remove(id));
        return removed;
    }

    /// <summary>Returns the RX queue on which a flow's packets arrive.</summary>
    /// <param name="local">The local end point of the connection.</param>
    /// <param name="remote">The remote end point of the connection.</param>
    /// <returns>The index of the RX queue.</returns>
    public int QueueOf(IPEndPoint local, IPEndPoint remote)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(remote);
        lock (_gate)
        {
            return _steering.QueueOf(local, remote);
        }
    }

    /// <summary>Returns the NAPI id of an RX queue. Sockets whose packets arrive there report it as <c>SO_INCOMING_NAPI_ID</c>.</summary>
    /// <param name="queue">The index of the RX queue.</param>
    /// <returns>The NAPI id.</returns>
    public uint NapiIdOf(int queue)
    {
        CheckQueue(queue);
        return (uint)(FirstNapiId + ((Index - FirstIndex) * 1024) + queue);
    }

    /// <summary>Determines whether an RX queue receives into the memory of an interface queue.</summary>
    /// <param name="queue">The index of the RX queue.</param>
    /// <returns>True when an interface queue is registered on the RX queue.</returns>
    public bool IsBound(int queue)
    {
        CheckQueue(queue);
        lock (_gate)
        {
            return _queues.ProviderOf(queue) is not null;
        }
    }

    /// <summary>Returns the counters of an RX queue.</summary>
    /// <param name="queue">The index of the RX queue.</param>
    /// <returns>The counters.</returns>
    public EmulatedRxQueueCounters CountersOf(int queue)
    {
        CheckQueue(queue);
        lock (_gate)
        {
            return _queues.CountersOf(queue);
        }
    }

    /// <summary>
    /// Removes the interface, as when its driver is unloaded. Its interface queues lose their RX queues, and no more packets arrive.
    /// Bytes that have arrived can still be received.
    /// </summary>
    public void Remove()
    {
        Change(() =>
        {
            _isRemoved = true;
            _queues.UnbindAll();
        });
        LinkChanged?.Invoke();
    }

    /// <summary>Reports each later change of the link. If the interface was removed before the call, reports that at once.</summary>
    /// <param name="changed">Called on the thread that changes the link. Must be quick and must not throw.</param>
    /// <returns>Ends the reports when disposed.</returns>
    internal IDisposable WatchLink(Action<LinkChange> changed)
    {
        LinkWatch watch = new(Name, Index, changed);
        void Report() => watch.Report(LinkState? () => Link);
        LinkChanged += Report;
        // Report after the handler was added, so that no change is missed. A concurrent change is reported by the changing thread or here.
        Report();
        return new Ending(() => LinkChanged -= Report);
    }

    /// <summary>
    /// Restores a removed interface in its initial state, with a new index and without rules and interface queues. Connections continue.
    /// The previous interface queues then receive the bytes of these connections by copy.
    /// </summary>
    public void Restore() => Change(() =>
    {
        if (_isRemoved)
        {
            Appear();
        }
    });

    /// <summary>
    /// Binds an RX queue to the memory of an interface queue. Checks in the kernel's order, and returns the kernel's errors.
    /// </summary>
    internal int Bind(uint rxQueue, EmulatedInterfaceQueue provider)
    {
        lock (_gate)
        {
            if (_isRemoved)
            {
                return -Errno.ENODEV;
            }

            if (rxQueue >= (uint)_queues.Count)
            {
                return -Errno.ERANGE;
            }

            if (!_split || _hdsThreshold != 0)
            {
                return -Errno.EINVAL;
            }

            if (_queues.ProviderOf((int)rxQueue) is not null)
            {
                return -Errno.EEXIST;
            }

            RecordArrivals();
            _queues.Bind((int)rxQueue, provider);
            _changes++;
            return 0;
        }
    }

    internal void Unbind(EmulatedInterfaceQueue provider)
    {
        lock (_gate)
        {
            int queue = _queues.IndexOf(provider);
            if (queue >= 0)
            {
                RecordArrivals();
                _queues.Bind(queue, null);
                _changes++;
            }
        }
    }

    /// <summary>Returns the interface queue into whose areas an RX queue receives; null when it receives into kernel memory.</summary>
    internal EmulatedInterfaceQueue? ProviderOf(int rxQueue)
    {
        lock (_gate)
        {
            return _queues.ProviderOf(rxQueue);
        }
    }

    /// <summary>
    /// Returns the record of a socket's unread bytes that arrived before the last change of steering; null when there are none.
    /// </summary>
    internal SocketBacklog? BacklogOf(int fd)
    {
        lock (_gate)
        {
            return _backlog.Of(fd);
        }
    }

    /// <summary>Adds counts to the counters of an RX queue.</summary>
    internal void Count(int queue, in EmulatedRxQueueCounters more)
    {
        lock (_gate)
        {
            _queues.Add(queue, more);
        }
    }

    [MemberNotNull(nameof(_steering))]
    private void Appear()
    {
        Index = (uint)Interlocked.Increment(ref _lastIndex);
        _steering = new EmulatedSteering(RxQueues);
        _split = Options.HeaderDataSplit;
        _hdsThreshold = Options.HdsThreshold;
        _packetsPerBuffer = Options.PacketsPerBuffer;
        _queues.ResetCounters();
        _isUp = true;
        _isRemoved = false;
    }

    private void CheckQueue(int queue)
    {
        if (queue < 0 || queue >= RxQueues)
        {
            throw new ArgumentOutOfRangeException(nameof(queue), queue, $"{Name} has the RX queues 0 to {RxQueues - 1}.");
        }
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            RecordArrivals();
            change();
            _changes++;
        }
    }

    private void RecordArrivals()
    {
        // While the link is down, sent bytes already wait in the socket, because the sockets are real. They count as not arrived.
        if (_isUp && !_isRemoved)
        {
            _backlog.Record((local, remote) =>
            {
                int queue = QueueOf(local, remote);
                return (queue, _queues.ProviderOf(queue));
            });
        }
    }
}
