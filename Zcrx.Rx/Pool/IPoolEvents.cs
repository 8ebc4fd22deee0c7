namespace Zcrx.Rx.Pool;

/// <summary>Publishes changes of a pool.</summary>
internal interface IPoolEvents
{
    void PressureChanged(PoolPressure pressure);

    void Grown(PoolGrowth growth);
}
