using Zcrx.Interop;
using Zcrx.Rx.Loop;
using Zcrx.Rx.Queues;

namespace Zcrx.Rx;

/// <content>Opening: a queue that is registered, or one that was exported and goes on.</content>
public sealed partial class ZcrxQueue
{
    /// <summary>Opens a queue: chooses the engine, sets up the ring and registers with the kernel.</summary>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Gives up waiting; a queue that is opened all the same is closed again.</param>
    /// <returns>The open queue, owned by the caller.</returns>
    /// <exception cref="ZcrxConfigurationException">Options are invalid; nothing was touched.</exception>
    /// <exception cref="ZcrxException">The kernel refused; cause and fix are in the message.</exception>
    public static Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, CancellationToken cancellationToken = default) => OpenAsync(options, null, cancellationToken);

    /// <summary>Opens a queue whose connections can go on elsewhere when it ends.</summary>
    /// <param name="options">How.</param>
    /// <param name="parking">Where its connections wait after a failure, or after <see cref="ParkAsync"/>; stays the caller's. Null: they end with the queue.</param>
    /// <param name="cancellationToken">Gives up waiting; a queue that is opened all the same is closed again.</param>
    /// <returns>The open queue, owned by the caller. What waits in the parking goes on once it is told to.</returns>
    /// <exception cref="ZcrxConfigurationException">Options are invalid; nothing was touched.</exception>
    /// <exception cref="ZcrxException">The kernel refused; cause and fix are in the message.</exception>
    public static async Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, ConnectionParking? parking, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ZcrxConfigurationException.ThrowIfAny(options.Validate());

        EngineChoice choice = EngineChoice.For(options);
        IIoUringKernel kernel = choice.Engine == ZcrxEngine.Emulated ? new EmulatedKernel(options.Emulation) : new LinuxKernel();
        return await OpenAsync(options, choice, kernel, cancellationToken, parking).ConfigureAwait(false);
    }

    /// <summary>Opens a queue that goes on with an exported one: the same memory, the same RX queue of a NIC, on a ring and a thread of its own.</summary>
    /// <param name="exported">The queue, from <see cref="ExportAsync"/>; stays the caller's, who can dispose it when this has ended.</param>
    /// <param name="options">How; its engine, interface and sizes are those that the queue was registered with, whatever is said here.</param>
    /// <param name="parking">Where its connections wait when it ends, as with <see cref="OpenAsync(ZcrxQueueOptions, ConnectionParking, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; a queue that is opened all the same is closed again.</param>
    /// <returns>
    /// The open queue, owned by the caller. The one that was exported may have ended, or goes on for as long as it has connections (move them here with
    /// <see cref="ZcrxConnection.MoveToAsync(ZcrxQueue)"/>): what its consumers give back goes to the kernel through this one, and what they keep from now on are copies.
    /// </returns>
    /// <remarks>Nothing is notified on such a queue, and it does not grow; <see cref="QueueStatistics.NoBuffersArmState"/> says so, and the counters are sampled as ever.</remarks>
    /// <exception cref="ZcrxConfigurationException">Options are invalid; nothing was touched.</exception>
    /// <exception cref="ZcrxException">The kernel refused; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The exported queue has been disposed.</exception>
    public static async Task<ZcrxQueue> ImportAsync(ExportedQueue exported, ZcrxQueueOptions options, ConnectionParking? parking = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(exported);
        ArgumentNullException.ThrowIfNull(options);
        ZcrxQueue queue = await ImportAsync(exported, options, "the queue was registered before and is imported", parking, cancellationToken).ConfigureAwait(false);
        Task switched = exported.Memory.SwitchToAsync(queue.Loop);
        if (!exported.Memory.IsWithOthers)
        {
            await switched.ConfigureAwait(false);
        }

        // Else another process may be the one that writes, for as long as it lives.
        return queue;
    }

    /// <summary>Opens a queue that goes on with one that came from another process: the same memory, the same RX queue of a NIC, which never closes in between.</summary>
    /// <param name="inherited">The queue, from <see cref="ZcrxTakeover.TakeQueue"/>; stays the caller's, who can dispose it when this has ended.</param>
    /// <param name="options">How; its engine, interface and sizes are those that the queue was registered with, whatever is said here.</param>
    /// <param name="parking">Where its connections wait when it ends, as with <see cref="OpenAsync(ZcrxQueueOptions, ConnectionParking, CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Gives up waiting; a queue that is opened all the same is closed again.</param>
    /// <returns>
    /// The open queue, owned by the caller. The other process goes on receiving for its connections; the refill queue is written here from the moment on at which it has stopped
    /// doing so, which it does after <see cref="ZcrxTakeover.CommitAsync"/>.
    /// </returns>
    /// <remarks>Nothing is notified on such a queue, and it does not grow, as with an exported one.</remarks>
    /// <exception cref="ZcrxConfigurationException">Options are invalid; nothing was touched.</exception>
    /// <exception cref="ZcrxException">The kernel refused; nothing has changed.</exception>
    /// <exception cref="ObjectDisposedException">The queue has been disposed.</exception>
    public static async Task<ZcrxQueue> ImportAsync(InheritedQueue inherited, ZcrxQueueOptions options, ConnectionParking? parking = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(inherited);
        ArgumentNullException.ThrowIfNull(options);
        ZcrxQueue queue = await ImportAsync(inherited.Exported, options, "the queue comes from the process before this one", parking, cancellationToken).ConfigureAwait(false);
        // Not waited for: the other process stops writing when it has been told to, and this one has to be ready before.
        _ = inherited.Exported.Memory.SwitchToAsync(queue.Loop);
        return queue;
    }

    private static Task<ZcrxQueue> ImportAsync(ExportedQueue exported, ZcrxQueueOptions options, string reason, ConnectionParking? parking, CancellationToken cancellationToken)
    {
        QueueMemory memory = exported.Memory;
        ZcrxEngine engine = exported.Kernel is not LinuxKernel ? ZcrxEngine.Emulated : memory.Interface is null ? ZcrxEngine.DeviceLess : ZcrxEngine.Nic;
        ZcrxQueueOptions effective = options with { Engine = engine, Interface = memory.Interface, RxQueue = (int)memory.RxQueue, BufferLength = 0 };
        effective = exported.Kernel is EmulatedKernel emulated ? effective with { Emulation = emulated.Options } : effective;
        ZcrxConfigurationException.ThrowIfAny(effective.Validate());
        return OpenAsync(effective, new EngineChoice(engine, reason), exported.Kernel, cancellationToken, parking, exported);
    }

    internal static async Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, EngineChoice choice, IIoUringKernel kernel, CancellationToken cancellationToken, ConnectionParking? parking = null, ExportedQueue? exported = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ZcrxCapabilities capabilities = ZcrxCapabilities.Query(kernel);
        LoopEvents events = new();
        NicConfiguration? nic = NicConfiguration.Claim(options, choice);
        ReceiveLoop loop = new(options, choice, kernel, capabilities, events) { Parking = parking, Exported = exported, Ending = nic };
        Task opened = loop.StartAsync();
        try
        {
            await opened.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = loop.StopAsync(TimeSpan.Zero);
            throw;
        }

        return new ZcrxQueue(loop, events, options, capabilities) { Nic = nic };
    }
}
