using Zcrx.Actors.Connections;
using Zcrx.Actors.Messages;
using Zcrx.Rx;

namespace Zcrx.Actors.Listening;

/// <summary>Passes accepted connections to the handler, on the queue where they belong.</summary>
/// <param name="options">The options that apply now.</param>
/// <param name="group">The open queues, which share their connections.</param>
/// <param name="connections">The connections that are served.</param>
/// <param name="reports">Reports the events of the connections.</param>
internal sealed class ConnectionIntake(Published<ZcrxOptions> options, ZcrxQueueGroup group, ConnectionDirectory connections, ConnectionReports reports)
{
    /// <summary>Calls the handler of a connection. Runs on the ring thread, before the first receive is issued.</summary>
    public void Serve(ZcrxConnection connection, ListenerSlot slot)
    {
        slot.OnOpened();
        // Chosen before the handler is called: no queue receives for the connection yet.
        ZcrxQueue? better = options.Value.Rebalancing.PlaceConnections ? group.Choose(connection) : null;
        connections.Serve(connection, slot.Name, slot.Handler, reports, owner: slot, slot.OnClosed);
        if (better is not null)
        {
            // Returns false if the handler has moved the connection itself. Cannot fail otherwise; the group publishes a move that succeeded.
            _ = group.MoveAsync(connection, better, MoveReason.Placement);
        }
    }

    /// <summary>Returns a task that ends when the present connections of a listener are closed and their ends reported.</summary>
    public Task WhenIdle(ListenerSlot slot) => connections.IdleOf(slot);

    /// <summary>Closes the present connections of a listener.</summary>
    public void CloseAll(ListenerSlot slot) => connections.CloseOf(slot);
}
