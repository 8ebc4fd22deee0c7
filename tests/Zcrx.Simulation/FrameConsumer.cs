using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Simulation;

/// <summary>Represents the observer of a connection's frames.</summary>
internal sealed class FrameConsumer(SimulatedWorld world, SimulatedConnection connection) : IObserver<ReceivedFrame>
{
    private readonly List<ReceivedFrame> _stale = [];

    /// <summary>Gets a value indicating whether the observer has kept a borrowed frame.</summary>
    public bool HasStale => _stale.Count > 0;

    public void OnNext(ReceivedFrame value)
    {
        connection.Receive("a frame of ", value.StreamOffset, value.Length, SimulatedFrames.Matches(value.Sequence, connection.Id, connection.Position));
        if (value.Length != SimulatedFrames.LengthAt(connection.Id, value.StreamOffset) && !((connection.HasPeerFinished || connection.HasPeerClosed) && connection.Position == connection.Sent))
        {
            throw world.Fail($"{connection} received a frame of {value.Length} bytes at {value.StreamOffset} instead of {SimulatedFrames.LengthAt(connection.Id, value.StreamOffset)} bytes");
        }

        connection.Act(() => world.Hold(connection, value), () => _stale.Add(value), () => value.Retain().Dispose());
    }

    public void OnCompleted() => connection.OnCompleted();

    public void OnError(Exception error) => connection.OnError(error);

    /// <summary>Uses the kept frames. Each use must fail.</summary>
    public void UseStale()
    {
        foreach (ReceivedFrame stale in _stale)
        {
            if (stale.IsValid || !SimulatedConnection.Throws<ObjectDisposedException>(() => _ = stale.Sequence)
                || !(SimulatedConnection.Throws<ObjectDisposedException>(() => stale.Retain().Dispose()) || SimulatedConnection.Throws<InvalidOperationException>(() => stale.Retain().Dispose())))
            {
                throw world.Fail($"a borrowed frame of {connection} can be used after OnNext");
            }
        }

        _stale.Clear();
    }
}
