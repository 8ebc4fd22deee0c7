using Zcrx.Interop;
using Zcrx.Interop.HostRings;

namespace Zcrx.Rx.Engines;

/// <summary>
/// Represents the engine of one queue. Makes all decisions that depend on the engine, so that other classes need not check it.
/// </summary>
internal sealed class QueueEngine
{
    private readonly string? _interface;
    private readonly INicControl _nics;
    private volatile EngineChoice _choice;

    private QueueEngine(EngineChoice choice, IIoUringKernel kernel, ZcrxQueueOptions options)
    {
        _choice = choice;
        _interface = options.Interface;
        Kernel = kernel;
        Capabilities = ZcrxCapabilities.Query(kernel);
        _nics = choice.NicsOf(options);
        // An emulated kernel receives from a NIC only if it emulates the configured interface.
        IsOnNic = choice.Engine == ZcrxEngine.Nic || (choice.Engine == ZcrxEngine.Emulated && _interface is not null && _nics.Identify(_interface) is not null);
        Nic = IsOnNic ? NicConfiguration.Claim(options, _nics) : null;
    }

    /// <summary>Gets the choice and its reason.</summary>
    public EngineChoice Choice => _choice;

    public IIoUringKernel Kernel { get; }

    public ZcrxCapabilities Capabilities { get; }

    /// <summary>Gets a value indicating whether the queue receives from an RX queue of a NIC.</summary>
    public bool IsOnNic { get; }

    /// <summary>
    /// Gets the set-up of the queue's interface; null when the queue does not configure its interface. The queue
    /// disposes the set-up after closing.
    /// </summary>
    public NicConfiguration? Nic { get; }

    /// <summary>
    /// Creates a ring for sends. Called on the ring thread. Returns null for an emulated queue, or if the kernel refuses.
    /// </summary>
    /// <param name="entries">The maximum number of sends in one call.</param>
    public SendRing? CreateSendRing(uint entries) => Kernel is LinuxKernel or MultishotKernel ? SendRing.TryCreate(new LinuxKernel(), entries) : null;

    /// <summary>Gets why another process cannot take the queue over, as a clause; null when the engine supports it.</summary>
    public string? WhyBoundToProcess => _choice.Engine switch
    {
        ZcrxEngine.Emulated => "an emulated queue is bound to the process of its kernel",
        ZcrxEngine.IoUring => "a queue without zcrx is bound to its process",
        _ => null,
    };

    /// <summary>Chooses the engine for a queue that is about to be registered, and sets its interface up.</summary>
    /// <exception cref="ZcrxException">The interface cannot be set up.</exception>
    public static QueueEngine Choose(ZcrxQueueOptions options)
    {
        EngineChoice choice = EngineChoice.For(options);
        return For(options, choice, choice.CreateKernel(options));
    }

    /// <summary>Creates the engine from an earlier choice, and sets the interface up.</summary>
    /// <exception cref="ZcrxException">The interface cannot be set up.</exception>
    public static QueueEngine For(ZcrxQueueOptions options, EngineChoice choice, IIoUringKernel kernel) => new(choice, kernel, options);

    /// <summary>
    /// Returns the options and the engine with which an exported queue is imported. The registration of the queue determines them.
    /// </summary>
    public static (ZcrxQueueOptions Options, EngineChoice Choice) Of(ExportedQueue exported, ZcrxQueueOptions options, string reason)
    {
        ZcrxEngine engine = exported.Kernel switch
        {
            MultishotKernel => ZcrxEngine.IoUring,
            not LinuxKernel => ZcrxEngine.Emulated,
            _ => exported.Memory.Interface is null ? ZcrxEngine.DeviceLess : ZcrxEngine.Nic,
        };
        ZcrxQueueOptions effective = options with { Engine = engine, Interface = exported.Memory.Interface, RxQueue = (int)exported.Memory.RxQueue, BufferLength = 0 };
        EmulatedKernelOptions? emulation = exported.Kernel switch
        {
            EmulatedKernel emulated => emulated.Options,
            MultishotKernel multishot => multishot.Options,
            _ => null,
        };
        return (emulation is null ? effective : effective with { Emulation = emulation }, new EngineChoice(engine, reason));
    }

    /// <summary>Appends a clause to the reason of the choice.</summary>
    public void Remark(string remark) => _choice = _choice with { Reason = $"{_choice.Reason}; {remark}" };

    /// <summary>Reports when the interface goes up or down, or is removed. Armed receives get no completion for such a change.</summary>
    /// <param name="onChange">Called on the thread that notices the change.</param>
    /// <returns>A registration that ends the reports when disposed; null without an interface.</returns>
    public IDisposable? WatchLink(Action<LinkChange> onChange) => IsOnNic ? _nics.WatchLink(_interface!, onChange) : null;
}
