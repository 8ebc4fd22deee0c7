using Zcrx.Actors.Connections;
using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors.Listening;

/// <summary>Passes accepted connections to the handler, and moves each to the queue on which its packets arrive.</summary>
/// <param name="options">The current options.</param>
/// <param name="group">The open queues, between which connections can move.</param>
/// <param name="connections">The connections of the service, to which new ones are added.</param>
/// <param name="reports">Reports the events of the connections.</param>
internal sealed class ConnectionIntake(Published<ZcrxOptions> options, ZcrxQueueGroup group, ConnectionDirectory connections, ConnectionReports reports)
{
    /// <summary>Calls the handler of a connection. Runs on the ring thread, before the first receive is issued.</summary>
    public void Serve(ZcrxConnection connection, ListenerSlot slot)
    {
        slot.OnOpened();
        // The queue is chosen before the handler runs, because the handler's subscription starts the first receive.
        ZcrxQueue? better = options.Value.Rebalancing.PlaceConnections ? group.Choose(connection) : null;
        connections.Serve(connection, slot.Name, slot.Handler, reports, owner: slot, slot.OnClosed);
        if (better is not null)
        {
            // The result is ignored. False means that the connection has ended, its handler is moving it, or the queue is closed. The group
            // publishes a successful move.
            _ = group.MoveAsync(connection, better, MoveReason.Placement);
        }
    }

    /// <summary>Returns a task that ends when the current connections of a listener are closed and their ends are reported.</summary>
    public Task WhenIdle(ListenerSlot slot) => connections.IdleOf(slot);

    /// <summary>Closes the current connections of a listener.</summary>
    public void CloseAll(ListenerSlot slot) => connections.CloseOf(slot);
}
