namespace Zcrx.Interop.Emulation;

/// <summary>Limits the buffers that a receive turn of one ring fills. Used on the thread of the ring.</summary>
internal sealed class TurnLimit
{
    private readonly int _most;

    /// <param name="options">The options with the largest limit.</param>
    public TurnLimit(EmulatedKernelOptions options)
    {
        _most = int.Min(options.BuffersPerTurn, ScatteringRead.MaxBuffers);
        Buffers = _most;
    }

    /// <summary>Gets the largest number of buffers that a turn may fill now.</summary>
    public int Buffers { get; private set; }

    /// <summary>Sets the limit. A limit below one or above that of the options is corrected.</summary>
    public void Set(int buffers) => Buffers = int.Clamp(buffers, 1, _most);
}
