using Zcrx.Rx.Pool;
using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Tests.Support.Rooms;

/// <summary>Records the events that the components under test publish.</summary>
internal sealed class RoomEvents : IPoolEvents, IReceiveEvents
{
    public List<PoolPressure> Levels { get; } = [];

    public List<PoolGrowth> Growth { get; } = [];

    public List<(ConnectionReceiver Connection, bool IsOver)> Stalls { get; } = [];

    public List<Exception> Faults { get; } = [];

    public void PressureChanged(PoolPressure pressure) => Levels.Add(pressure);

    public void Grown(PoolGrowth growth) => Growth.Add(growth);

    public void Stalled(ConnectionReceiver connection, int waiting, TimeSpan duration, bool isOver) => Stalls.Add((connection, isOver));

    public void Faulted(ConnectionReceiver? connection, Exception exception) => Faults.Add(exception);
}
