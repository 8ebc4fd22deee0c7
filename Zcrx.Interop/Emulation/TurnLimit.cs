namespace Zcrx.Interop.Emulation;

/// <summary>Limits the buffers that a receive turn of one ring fills. Used on the thread of the ring.</summary>
/// <param name="options">Contains the largest limit.</param>
internal sealed class TurnLimit(EmulatedKernelOptions options)
{
    private readonly int _most = int.Min(options.BuffersPerTurn, ScatteringRead.MaxBuffers);

    /// <summary>Gets the present limit.</summary>
    public int Buffers { get; private set; } = int.Min(options.BuffersPerTurn, ScatteringRead.MaxBuffers);

    /// <summary>Sets the limit, at least one buffer. A limit above that of the options has no effect.</summary>
    public void Set(int buffers) => Buffers = int.Clamp(buffers, 1, _most);
}
