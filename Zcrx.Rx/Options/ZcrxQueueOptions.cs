using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Interop.Processes;

namespace Zcrx.Rx;

/// <summary>Configures an interface queue.</summary>
/// <remarks>Immutable. Sizes are in bytes. <see cref="Validate"/> returns all errors at once.</remarks>
public sealed record ZcrxQueueOptions
{
    private const long LargestArea = 1L << 30;

    private static readonly TimeSpan LongestInterval = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestSpin = TimeSpan.FromMilliseconds(10);

    /// <summary>Gets the queue's name in logs, metrics and messages.</summary>
    public string Name { get; init; } = "zcrx-0";

    /// <summary>Gets the engine of the queue. By default, the queue selects it.</summary>
    public ZcrxEngine Engine { get; init; } = ZcrxEngine.Auto;

    /// <summary>Gets the network interface of the queue; null without a NIC.</summary>
    public string? Interface { get; init; }

    /// <summary>Gets the number of the RX queue of <see cref="Interface"/>.</summary>
    public int RxQueue { get; init; }

    /// <summary>
    /// Gets a value indicating whether opening sets up the interface for the queue. It turns header/data split on, takes the RX queue out
    /// of RSS, and adds flow rules for the queue's ports. The changes are undone when the queue closes. If the process dies, the next
    /// process undoes them when it starts.
    /// </summary>
    /// <remarks>
    /// Opening fails if the change would take traffic from other programs. This is so if no other RX queue remains, or if an RSS context
    /// may use this one. Several queues on one port share one rule.
    /// </remarks>
    public bool ConfigureNic { get; init; }

    /// <summary>
    /// Gets the directory of the journal of changes to interfaces; null for <see cref="NicChangeJournal.DefaultDirectory"/>.
    /// </summary>
    public string? NicStateDirectory { get; init; }

    /// <summary>
    /// Gets the action that receives a line for each change to an interface and for each change that is undone; null for none. Called
    /// on any thread. Must not throw.
    /// </summary>
    public Action<string>? NicReport { get; init; }

    /// <summary>Gets the size of the memory that receives payload, in bytes, rounded up to whole pages. 2 pages to 1 GiB.</summary>
    public long AreaSize { get; init; } = 64L * 1024 * 1024;

    /// <summary>
    /// Gets the largest size of the pool in bytes. Under pressure, another area of <see cref="AreaSize"/> is added before
    /// connections are paused. 0 disables growth. Needs Linux 7.3 or the emulated engine; otherwise the pool does not grow.
    /// When the first area has sufficed for a minute, engines that do not pin memory give the memory of unused areas back.
    /// </summary>
    public long MaxAreaSize { get; init; }

    /// <summary>Gets the size of one buffer in bytes, a power of two of at least a page; 0 for a page.</summary>
    /// <remarks>
    /// Buffers that are larger than a page need Linux 7.0, a NIC that supports them, and <see cref="HugePages"/>. If the NIC does not
    /// support them, buffers are pages, and <see cref="ZcrxQueue.Engine"/> gives the reason. Without a NIC, opening fails.
    /// </remarks>
    public int BufferLength { get; init; }

    /// <summary>Gets a value indicating whether the area lies on 2 MiB huge pages.</summary>
    public bool HugePages { get; init; }

    /// <summary>
    /// Gets a value indicating whether the queue's memory lies in unnamed files (memfd), so that another process can take the queue over
    /// (<see cref="ZcrxTakeover"/>). Not slower than other memory. Where control groups limit memory, the files count as shared memory.
    /// </summary>
    /// <remarks>On when <c>Takeover</c> is configured.</remarks>
    public bool SharedMemory { get; init; }

    /// <summary>
    /// Gets the dma-buf that receives payload on a NIC instead of memory of this process. <see cref="AreaSize"/>
    /// and <see cref="HugePages"/> are then ignored, and the pool cannot grow. If the NIC or the kernel does not
    /// support dma-bufs, opening fails.
    /// </summary>
    public DmaBufArea? DmaBuf { get; init; }

    /// <summary>
    /// Gets the time for which the ring thread polls the NIC's queues before it sleeps. 0 disables polling. At most a second. Trades
    /// processor time for latency.
    /// </summary>
    /// <remarks>
    /// Needs Linux 6.9 with CONFIG_NET_RX_BUSY_POLL; otherwise opening fails. No effect without a NIC and on the emulated engine.
    /// </remarks>
    public TimeSpan BusyPoll { get; init; }

    /// <summary>
    /// Gets a value indicating whether the NIC's interrupts stay disabled while polling continues. Needs <see cref="BusyPoll"/>.
    /// </summary>
    public bool PreferBusyPoll { get; init; }

    /// <summary>
    /// Gets the longest time for which the ring thread polls the ring before it sleeps. 0 to 10 milliseconds; 50 microseconds by default.
    /// 0 disables spinning.
    /// </summary>
    /// <remarks>
    /// The thread spins only after a turn with few completions, so bulk data causes no spins. It adapts the time to the waits that it
    /// observes, and spins rarely while spinning finds no completions. The queues of a process spin on at most half of the processors, so a
    /// machine with one processor never spins. On the engine <see cref="ZcrxEngine.Nic"/> with <see cref="BusyPoll"/>, each poll also
    /// polls the NIC.
    /// </remarks>
    public TimeSpan SpinBeforeSleep { get; init; } = TimeSpan.FromMicroseconds(50);

    /// <summary>Gets the number of completion entries, 64 to 65536.</summary>
    public int CompletionEntries { get; init; } = 4096;

    /// <summary>Gets the number of submission entries, 8 to 32768.</summary>
    public int SubmissionEntries { get; init; } = 512;

    /// <summary>Gets the share of leased buffers above which connections with too many leases are paused. Above 0, at most 1.</summary>
    public double HighWaterMark { get; init; } = 0.75;

    /// <summary>
    /// Gets the share of leased buffers below which paused connections are resumed. Above 0, below <see cref="HighWaterMark"/>.
    /// </summary>
    public double LowWaterMark { get; init; } = 0.5;

    /// <summary>
    /// Gets the number of buffers that one connection may lease under pressure before it is paused. 0 means an equal share of the pool.
    /// </summary>
    public int ConnectionQuota { get; init; }

    /// <summary>
    /// Gets the shortest time between two notifications of one type. A type that has fired is armed again after this time.
    /// </summary>
    public TimeSpan NotificationInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Gets the time for which opening retries while the NIC queue is busy. 0 disables retries. At most a day. The kernel closes a ring
    /// some time after its process has ended, so the queue of a killed process stays busy for a moment.
    /// </summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets the time after which <see cref="ZcrxQueue.ReceiveStalls"/> reports a connection that receives nothing, although a receive is
    /// armed and bytes wait in its socket. A millisecond to a day.
    /// </summary>
    public TimeSpan ReceiveStallTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets the time after which a connection without an observer is reset. The time begins when the connection is accepted or attached,
    /// or when its last observer leaves. Sending counts as use. If the peer has ended its side and bytes wait, the time is at most a
    /// second. A millisecond to a day, or <see cref="Timeout.InfiniteTimeSpan"/> for no limit.
    /// </summary>
    public TimeSpan UnobservedTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Gets the time for which a stopping queue waits for the peer's close on each connection on which bytes were sent. 0 to a day.
    /// </summary>
    /// <remarks>
    /// <para>The wait is a part of the drain time. Bytes that the peer still sends are discarded. Without the wait, they would make the
    /// kernel reset the connection, and replies would be lost.</para>
    /// <para>The time also limits an orderly close and a detachment that wait for room in the socket for bytes of a send. If the peer reads
    /// nothing for this time, the close becomes a reset. The detachment is given up after this time.</para>
    /// </remarks>
    public TimeSpan PeerCloseTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Gets the maximum number of bytes that all connections of the queue together hold as copies. 256 MiB by default; 0 means no limit.
    /// Unfinished frames and unconsumed bytes of pipe readers are copied when the pool needs their buffers. A connection that needs more is
    /// reset, and its frames or reads end with a <see cref="ZcrxFramingException"/>.
    /// </summary>
    public long MaxCopiedFrameBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>
    /// Gets the number of file descriptors that the process keeps free; 64 by default. A value above a quarter of the process's limit is
    /// reduced to that quarter. The queue accepts nothing while fewer are free; peers wait in the backlog. 0 disables the reserve.
    /// </summary>
    public int DescriptorReserve { get; init; } = 64;

    /// <summary>Gets what happens to a connection whose last consumer fails.</summary>
    public ConsumerFailureAction WhenConsumerFails { get; init; }

    /// <summary>Gets a value indicating whether stranded receives are issued again. Tests turn it off to cause a stall.</summary>
    internal bool RearmsStrandedReceives { get; init; } = true;

    /// <summary>Gets the reader of the process's descriptors. Only tests set another reader.</summary>
    internal Func<DescriptorUse> Descriptors { get; init; } = ProcessDescriptors.Read;

    /// <summary>Gets the slots that the spinning ring threads share. Only simulations set others.</summary>
    internal SpinSlots SpinSlots { get; init; } = SpinSlots.OfProcess;

    /// <summary>Gets the interval at which <see cref="ZcrxQueue.Statistics"/> are published while they have subscribers.</summary>
    public TimeSpan StatisticsInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Gets a value indicating whether the stack trace of each lease is recorded, to find leases that are never released. Slow.
    /// </summary>
    public bool RecordLeaseOrigins { get; init; }

    /// <summary>
    /// Gets a value indicating whether each access to borrowed memory is checked. After <c>OnNext</c> has returned, an access to
    /// <see cref="ReceivedBuffer.Memory"/> or to the bytes of a frame then throws. Allocates for each buffer and frame. For tests.
    /// </summary>
    public bool CheckBorrows { get; init; }

    /// <summary>Gets the options of the emulated engine.</summary>
    public EmulatedKernelOptions Emulation { get; init; } = new();

    /// <summary>Gets the clock, for tests.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Validates the options without a system call.</summary>
    /// <param name="path">The configuration path of the options for messages, such as <c>Zcrx:Queues:0</c>.</param>
    /// <returns>All errors, each with its path; empty when the options are valid.</returns>
    public IReadOnlyList<ZcrxConfigurationError> Validate(string path = "")
    {
        List<ZcrxConfigurationError> errors = [];
        void Check(bool valid, string name, string message)
        {
            if (!valid)
            {
                errors.Add(new ZcrxConfigurationError(path.Length == 0 ? name : $"{path}:{name}", message));
            }
        }

        int page = Environment.SystemPageSize;
        Check(!string.IsNullOrWhiteSpace(Name), nameof(Name), "must not be empty");
        Check(Enum.IsDefined(Engine), nameof(Engine), "must be Auto, Nic, DeviceLess, IoUring or Emulated");
        Check(Engine != ZcrxEngine.Nic || !string.IsNullOrWhiteSpace(Interface), nameof(Interface), "must name a network interface for the engine Nic");
        Check(Interface is null || Interface.Length is > 0 and < 16, nameof(Interface), "must be 1 to 15 characters, as the kernel's interface names are");
        Check(!ConfigureNic || Interface is not null, nameof(ConfigureNic), "needs an Interface");
        Check(NicStateDirectory is null || Path.IsPathFullyQualified(NicStateDirectory), nameof(NicStateDirectory), $"must be a path from the root, but is '{NicStateDirectory}'");
        Check(RxQueue >= 0, nameof(RxQueue), $"must not be negative, but is {RxQueue}");
        Check(AreaSize >= 2L * page && AreaSize <= LargestArea, nameof(AreaSize), $"must be between {2 * page} and {LargestArea} bytes, but is {AreaSize}");
        Check(MaxAreaSize == 0 || MaxAreaSize >= AreaSize, nameof(MaxAreaSize), $"must be 0 or at least AreaSize ({AreaSize}), but is {MaxAreaSize}");
        Check(BufferLength == 0 || (BufferLength >= page && int.IsPow2(BufferLength)), nameof(BufferLength), $"must be 0 or a power of two of at least {page}, but is {BufferLength}");
        Check(BufferLength <= AreaSize / 2, nameof(BufferLength), "must leave room for at least two buffers in the area");
        Check(DmaBuf is null || MaxAreaSize == 0, nameof(DmaBuf), "cannot grow: MaxAreaSize must be 0");
        Check(DmaBuf is null or { Length: > 0 }, nameof(DmaBuf), "must have a length");
        Check(DmaBuf?.WhyTooLong is null, $"{nameof(DmaBuf)}:{nameof(DmaBufArea.Length)}", DmaBuf?.WhyTooLong ?? "");
        Check(DmaBuf is null || (DmaBuf.Length % (nuint)page == 0 && DmaBuf.Offset % (nuint)page == 0), nameof(DmaBuf), $"must begin and end at a page ({page} bytes)");
        Check(BusyPoll >= TimeSpan.Zero && BusyPoll <= TimeSpan.FromSeconds(1), nameof(BusyPoll), $"must be between 0 and a second, but is {BusyPoll}");
        Check(!PreferBusyPoll || BusyPoll > TimeSpan.Zero, nameof(PreferBusyPoll), "needs a time in BusyPoll");
        Check(SpinBeforeSleep >= TimeSpan.Zero && SpinBeforeSleep <= LongestSpin, nameof(SpinBeforeSleep), $"must be between 0 and 10 milliseconds, but is {SpinBeforeSleep}");
        Check(CompletionEntries is >= 64 and <= 65536, nameof(CompletionEntries), $"must be between 64 and 65536, but is {CompletionEntries}");
        Check(SubmissionEntries is >= 8 and <= 32768, nameof(SubmissionEntries), $"must be between 8 and 32768, but is {SubmissionEntries}");
        Check(SubmissionEntries <= CompletionEntries, nameof(SubmissionEntries), "must not be more than CompletionEntries");
        Check(HighWaterMark is > 0 and <= 1, nameof(HighWaterMark), $"must be above 0 and at most 1, but is {HighWaterMark}");
        Check(LowWaterMark > 0 && LowWaterMark < HighWaterMark, nameof(LowWaterMark), $"must be above 0 and below HighWaterMark, but is {LowWaterMark}");
        Check(ConnectionQuota >= 0, nameof(ConnectionQuota), $"must not be negative, but is {ConnectionQuota}");
        Check(IsInterval(NotificationInterval), nameof(NotificationInterval), $"must be between a millisecond and a day, but is {NotificationInterval}");
        Check(BusyTimeout >= TimeSpan.Zero && BusyTimeout <= LongestInterval, nameof(BusyTimeout), $"must be between 0 and a day, but is {BusyTimeout}");
        Check(IsInterval(ReceiveStallTimeout), nameof(ReceiveStallTimeout), $"must be between a millisecond and a day, but is {ReceiveStallTimeout}");
        Check(UnobservedTimeout == Timeout.InfiniteTimeSpan || IsInterval(UnobservedTimeout), nameof(UnobservedTimeout), $"must be between a millisecond and a day, or infinite, but is {UnobservedTimeout}");
        Check(PeerCloseTimeout >= TimeSpan.Zero && PeerCloseTimeout <= LongestInterval, nameof(PeerCloseTimeout), $"must be between 0 and a day, but is {PeerCloseTimeout}");
        Check(MaxCopiedFrameBytes >= 0, nameof(MaxCopiedFrameBytes), $"must not be negative, but is {MaxCopiedFrameBytes}");
        Check(DescriptorReserve >= 0, nameof(DescriptorReserve), $"must not be negative, but is {DescriptorReserve}");
        Check(Enum.IsDefined(WhenConsumerFails), nameof(WhenConsumerFails), "must be Reset or Close");
        Check(IsInterval(StatisticsInterval), nameof(StatisticsInterval), $"must be between a millisecond and a day, but is {StatisticsInterval}");
        // Configuration binding can set null although the type forbids it.
        Check(Emulation is not null, nameof(Emulation), "must not be null");
        Check(Emulation is null or { BuffersPerTurn: >= 1 and <= 1024 }, $"{nameof(Emulation)}:{nameof(EmulatedKernelOptions.BuffersPerTurn)}", "must be between 1 and 1024");
        Check(Emulation is null or { Profile: not null }, $"{nameof(Emulation)}:{nameof(EmulatedKernelOptions.Profile)}", "must not be null");
        Check(TimeProvider is not null, nameof(TimeProvider), "must not be null");
        return errors;
    }

    /// <summary>
    /// Determines whether a queue that was registered with other options can be used with these options on another ring
    /// (<see cref="ZcrxQueue.ImportAsync(ExportedQueue, ZcrxQueueOptions, ZcrxSuspendedConnections?, CancellationToken)"/>). This is
    /// possible if the two differ only in options of the ring.
    /// </summary>
    /// <param name="registered">The options of the registration.</param>
    /// <returns>
    /// False when these options specify another interface, RX queue, memory or buffer length, other changes to the
    /// interface, or another engine.
    /// </returns>
    public bool SharesRegistrationWith(ZcrxQueueOptions registered)
    {
        ArgumentNullException.ThrowIfNull(registered);
        return RegistrationOf(this) == RegistrationOf(registered);
    }

    // Copies only the options of the registration, so that the comparison of two records ignores all others. MaxAreaSize is among the
    // ignored ones, because the pool of an imported queue does not grow.
    private static ZcrxQueueOptions RegistrationOf(ZcrxQueueOptions options) => new()
    {
        Engine = options.Engine,
        Interface = options.Interface,
        RxQueue = options.RxQueue,
        ConfigureNic = options.ConfigureNic,
        NicStateDirectory = options.NicStateDirectory,
        AreaSize = options.AreaSize,
        BufferLength = options.BufferLength,
        HugePages = options.HugePages,
        SharedMemory = options.SharedMemory,
        DmaBuf = options.DmaBuf,
        Emulation = options.Emulation,
    };

    private static bool IsInterval(TimeSpan span) => span >= TimeSpan.FromMilliseconds(1) && span <= LongestInterval;
}
