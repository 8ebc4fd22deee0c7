namespace Zcrx.Rx.Pool;

/// <summary>Represents where the buffers of a pool are at one moment.</summary>
/// <param name="Buffers">All buffers.</param>
/// <param name="InFlight">Buffers that consumers of this queue lease, or have released without the ring thread having taken them
/// back.</param>
/// <param name="LeasedElsewhere">Buffers that consumers of other rings on the same memory lease, in this or another process.</param>
/// <param name="InRefillQueue">Buffers in the refill queue that the kernel has not consumed.</param>
/// <param name="Pending">Buffers that wait for room in the refill queue.</param>
internal readonly record struct PoolAccount(int Buffers, int InFlight, int LeasedElsewhere, int InRefillQueue, int Pending)
{
    /// <summary>
    /// Gets the number of buffers that the kernel can use now, as far as this queue knows. On a NIC, some of these
    /// buffers lie in the ring of the NIC.
    /// </summary>
    public int Free => Buffers - LeasedElsewhere - InFlight - InRefillQueue - Pending;
}
