namespace Zcrx.Rx.Pool;

/// <summary>Publishes what happens to a pool.</summary>
internal interface IPoolEvents
{
    void PressureChanged(PoolPressure pressure);

    void Grown(PoolGrowth growth);
}
