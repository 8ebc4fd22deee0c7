namespace Zcrx.Rx.Receiving;

/// <summary>Delivers the buffers that arrived while a connection had no observer. Ring thread only.</summary>
internal interface IUndeliveredBuffers
{
    void Deliver(ConnectionReceiver connection);
}
