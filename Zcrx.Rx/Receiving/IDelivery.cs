namespace Zcrx.Rx.Receiving;

/// <summary>Delivers the buffers of a connection that no observer has received yet. Ring thread only.</summary>
internal interface IDelivery
{
    /// <summary>Delivers these buffers until a consumer pauses the connection, no observer is left, or all buffers are delivered.</summary>
    void Deliver(ConnectionReceiver connection);
}
