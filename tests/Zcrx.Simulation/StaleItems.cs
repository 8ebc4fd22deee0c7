using Zcrx.Interop;

namespace Zcrx.Simulation;

/// <summary>Contains the borrowed buffers that the observer of a connection has illegally kept after OnNext, and the leases that it kept too long.</summary>
internal sealed class StaleItems(SimulatedWorld world, SimulatedConnection connection)
{
    private readonly List<ReceivedBuffer> _buffers = [];
    // Each function determines whether a released lease can still be used.
    private readonly List<Func<bool>> _leases = [];

    public bool Any => _buffers.Count + _leases.Count > 0;

    public void Add(ReceivedBuffer buffer) => _buffers.Add(buffer);

    public void Add(Func<bool> canUseLease) => _leases.Add(canUseLease);

    /// <summary>Uses everything. Each use must fail.</summary>
    public void Use()
    {
        foreach (ReceivedBuffer stale in _buffers)
        {
            if (stale.IsValid || !SimulatedConnection.Throws<ObjectDisposedException>(() => _ = stale.Span) || !SimulatedConnection.Throws<ObjectDisposedException>(() => _ = stale.StreamOffset)
                || !(SimulatedConnection.Throws<ObjectDisposedException>(() => stale.Retain().Dispose()) || SimulatedConnection.Throws<InvalidOperationException>(() => stale.Retain().Dispose())))
            {
                throw world.Fail($"a borrowed buffer of {connection} can be used after OnNext");
            }
        }

        if (_leases.Exists(static canUse => canUse()))
        {
            throw world.Fail($"a released lease of {connection} can be used");
        }

        _buffers.Clear();
        _leases.Clear();
    }
}
