namespace Zcrx.Interop;

/// <summary>How the emulated kernel behaves.</summary>
public sealed record EmulatedKernelOptions
{
    /// <summary>Which release to answer like.</summary>
    public EmulatedKernelProfile Profile { get; init; } = EmulatedKernelProfile.Linux73;

    /// <summary>Buffers that one receive turn of one connection fills at most; bounds how long others wait. 1 to 1024.</summary>
    public int BuffersPerTurn { get; init; } = 64;

    /// <summary>What goes wrong, and when; null for nothing.</summary>
    public EmulatedFaultPlan? Faults { get; init; }
}
