using Zcrx.Interop.Abi;

namespace Zcrx.Rx.Loop;

/// <content>Connections whose payload lies in the memory of another queue.</content>
internal sealed unsafe partial class ReceiveLoop
{
    /// <summary>Who knows other queues, for connections whose payload lies in the memory of one of them; null when nobody does.</summary>
    public IStrandedConnections? Rescuer { get; set; }

    /// <summary>A receive ended because what comes next lies in another queue's memory: the connection waits until it is moved there.</summary>
    private bool TryStrand(ZcrxConnection connection)
    {
        if (!_isOnNic || Rescuer is not { } rescuer)
        {
            return false;
        }

        connection.IsStranded = true;
        rescuer.OnStranded(connection, connection.BytesReceived);
        return true;
    }

    /// <summary>No queue was found that has what comes next. Any thread.</summary>
    public void FailStranded(ZcrxConnection connection) => Post(() =>
    {
        if (_connections.Find(connection.Slot, connection.Generation) == connection && connection.IsStranded)
        {
            connection.HasEnded = true;
            connection.EndError = EndError(connection, -Errno.EFAULT);
            // The bytes are out of reach for good: the peer is not to believe that they were read.
            connection.RequestClose(abort: true);
            BringInLine(connection);
        }
    });
}
