namespace Zcrx.Interop.Emulation;

/// <summary>Groups the parts of an emulated ring that its requests use.</summary>
/// <param name="SetupFlags">The flags of the ring's set-up (<c>IORING_SETUP_*</c>).</param>
/// <param name="Memory">The memory that the ring shares with user space.</param>
/// <param name="Completions">Posts completions.</param>
/// <param name="Queues">The interface queues of the ring, by zcrx id.</param>
/// <param name="Options">The behaviour of the kernel.</param>
/// <param name="Turns">Limits the turns of receives.</param>
internal sealed record RingParts(
    uint SetupFlags,
    EmulatedRingMemory Memory,
    EmulatedCompletions Completions,
    IReadOnlyDictionary<uint, EmulatedInterfaceQueue> Queues,
    EmulatedKernelOptions Options,
    TurnLimit Turns);
