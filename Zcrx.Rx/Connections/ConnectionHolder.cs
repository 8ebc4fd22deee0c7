using Zcrx.Interop.Leases;

namespace Zcrx.Rx.Connections;

/// <summary>Lets operators far down a chain pause the connection that a buffer came from.</summary>
internal sealed class ConnectionHolder(ZcrxConnection connection) : BufferHolder
{
    public override void Hold() => connection.Hold();

    public override void Resume() => connection.Unhold();

    public override void Abandon()
    {
        if (!connection.Stream.HasObservers)
        {
            connection.Abort();
        }
    }

    public override void Fail(Exception exception)
    {
        if (!connection.Stream.HasObservers)
        {
            connection.FailConsumer(exception);
        }
    }

    public override void BeginWork() => connection.BeginWork();

    public override void EndWork() => connection.EndWork();
}
