namespace Zcrx.Rx.Receiving;

/// <summary>Delivers the buffers of a connection that no observer has received yet. Ring thread only.</summary>
internal interface IDelivery
{
    /// <summary>Delivers until a consumer pauses, no observer is left, or no buffer is left.</summary>
    void Deliver(ConnectionReceiver connection);
}
