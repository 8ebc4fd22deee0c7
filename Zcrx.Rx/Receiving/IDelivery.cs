namespace Zcrx.Rx.Receiving;

/// <summary>Delivers the buffers of a connection that no observer has received yet. Ring thread only.</summary>
internal interface IDelivery
{
    /// <summary>Delivers until a consumer pauses, the observers are gone, or nothing is left.</summary>
    void Deliver(ConnectionReceiver connection);
}
