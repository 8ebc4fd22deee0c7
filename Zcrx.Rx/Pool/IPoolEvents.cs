namespace Zcrx.Rx.Pool;

/// <summary>Publishes changes of a pool's level of pressure and of its size.</summary>
internal interface IPoolEvents
{
    void PressureChanged(PoolPressure pressure);

    void Grown(PoolGrowth growth);
}
