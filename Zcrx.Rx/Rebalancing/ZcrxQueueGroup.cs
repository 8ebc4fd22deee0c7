using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Zcrx.Interop;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Moving;
using Zcrx.Rx.Rebalancing;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Streams;

namespace Zcrx.Rx;

/// <summary>
/// Represents queues that share their connections. Each connection moves to the queue on which its packets arrive.
/// </summary>
/// <remarks>
/// <para>
/// On a NIC, only the interface queue in whose memory payload has arrived can receive that payload. A receive on any other queue
/// ends with −EFAULT. In a group, such a connection moves to the queue that has its payload, in order and without a gap. Outside
/// of a group, its stream fails.
/// </para>
/// <para>Threading: all members are thread-safe. Ownership: the caller owns the queues. A closed queue leaves the group.</para>
/// </remarks>
public sealed class ZcrxQueueGroup : IStrandedConnections
{
    private readonly Lock _gate = new();
    private readonly Broadcast<ConnectionMoved> _moves = new(static _ => { });
    private readonly ConditionalWeakTable<ZcrxConnection, StrandedPosition> _stranded = [];
    private ImmutableArray<GroupMember> _members = [];

    /// <summary>
    /// Gets all moves of connections from one queue of the group to another. They are published one at a time, on any thread.
    /// </summary>
    public IObservable<ConnectionMoved> Moves => _moves;

    /// <summary>Gets the queues, in the order in which they joined.</summary>
    public IReadOnlyList<ZcrxQueue> Queues => [.. Members.Select(static member => member.Queue)];

    private ImmutableArray<GroupMember> Members
    {
        get
        {
            lock (_gate)
            {
                return _members;
            }
        }
    }

    /// <summary>Adds a queue. A queue belongs to one group at most.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="facts">Reads on which RX queue packets arrive; null if that is unknown, as without a NIC.</param>
    public void Add(ZcrxQueue queue, INicFacts? facts)
    {
        ArgumentNullException.ThrowIfNull(queue);
        lock (_gate)
        {
            _members = _members.Add(new GroupMember(queue, facts));
        }

        queue.Loop.Rescuer = this;
        _ = queue.Completion.ContinueWith((_, _) => Remove(queue), null, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Removes a queue. No connection is moved to it afterwards.</summary>
    /// <param name="queue">The queue.</param>
    public void Remove(ZcrxQueue queue)
    {
        lock (_gate)
        {
            _members = _members.RemoveAll(member => member.Queue == queue);
        }
    }

    /// <summary>Returns the RX queue on which a connection's packets arrive.</summary>
    /// <param name="connection">The connection.</param>
    /// <returns>The queue; null when it is unknown.</returns>
    public RxQueueId? ArrivalOf(ZcrxConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return TryFindArrival(connection, Members.FirstOrDefault(member => member.Queue.Loop.Host == connection.Host));
    }

    /// <summary>Returns the queue that should receive for a connection that was just accepted.</summary>
    /// <param name="connection">The connection, on a queue of the group.</param>
    /// <returns>
    /// The queue on which its packets arrive. If the group has no such queue, the queue of the same interface with the fewest connections,
    /// preferably not under pressure. Null when the connection may stay on its queue.
    /// </returns>
    /// <remarks>
    /// To make the first receive run on the right queue, call this method and
    /// <see cref="MoveAsync(ZcrxConnection, ZcrxQueue, MoveReason)"/> before OnNext returns to the ring thread.
    /// </remarks>
    public ZcrxQueue? Choose(ZcrxConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ImmutableArray<GroupMember> members = Members;
        if (members.Length < 2 || members.FirstOrDefault(member => member.Queue.Loop.Host == connection.Host) is not { } present)
        {
            return null;
        }

        GroupMember best = Choose(members, present, TryFindArrival(connection, present));
        return best == present ? null : best.Queue;
    }

    /// <summary>Moves a connection to another queue of the group (<see cref="ZcrxConnection.MoveToAsync(ZcrxQueue)"/>).</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="reason">The reason that <see cref="Moves"/> reports.</param>
    /// <returns>
    /// True when the connection is on the queue. False when the connection has ended, another caller moves it, or the queue is closed.
    /// </returns>
    public async Task<bool> MoveAsync(ZcrxConnection connection, ZcrxQueue queue, MoveReason reason)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(queue);
        ImmutableArray<GroupMember> members = Members;
        GroupMember? target = members.FirstOrDefault(member => member.Queue == queue);
        return target is not null && await MoveAsync(connection, members.FirstOrDefault(member => member.Queue.Loop.Host == connection.Host), target, reason).ConfigureAwait(false);
    }

    void IStrandedConnections.OnStranded(ConnectionReceiver connection, long position)
    {
        ZcrxConnection stranded = ZcrxConnection.Of(connection);
        ConnectionHost host = stranded.Host;
        // Runs off the ring thread, because reading where packets arrive may take system calls.
        _ = Threads.RunOnPoolAsync(() => RescueAsync(stranded, host, position));
    }

    private static GroupMember Choose(ImmutableArray<GroupMember> members, GroupMember present, RxQueueId? arrival)
    {
        if (arrival is { } arrived && members.FirstOrDefault(member => member.RxQueue == arrived) is { Queue.Loop.IsStuck: false } owner)
        {
            return owner;
        }

        // No queue of the group is known to receive without copies. A queue of the interface on which packets arrive is preferred, because
        // a flow rule can steer them to it. Without one, a queue of the current interface is chosen.
        string? networkInterface = arrival is { } elsewhere && members.Any(member => member.RxQueue?.Interface == elsewhere.Interface)
            ? elsewhere.Interface
            : present.RxQueue?.Interface;
        return members
            .Where(member => member.RxQueue?.Interface == networkInterface && !member.Queue.Loop.IsStuck)
            .MinBy(member => (member.IsUnderPressure, member == present ? member.Connections - 1 : member.Connections, member != present)) ?? present;
    }

    private static RxQueueId? TryFindArrival(ZcrxConnection connection, GroupMember? member)
    {
        try
        {
            return member?.Facts?.QueueOf(connection.Socket);
        }
        catch (Exception exception) when (exception is ZcrxException or ObjectDisposedException)
        {
            // The RX queue cannot be determined now, or the socket is closed. If the connection is on the wrong queue, its receive will
            // fail, and it moves then.
            return null;
        }
    }

    private async Task<bool> MoveAsync(ZcrxConnection connection, GroupMember? source, GroupMember target, MoveReason reason)
    {
        string from = connection.QueueName;
        using GroupMove move = new(source, target);
        bool moved;
        try
        {
            moved = reason == MoveReason.ForeignMemory
                ? await connection.RescueAsync(target.Queue, move).ConfigureAwait(false)
                : await connection.MoveToAsync(target.Queue, move).ConfigureAwait(false) ?? false;
        }
        catch (ObjectDisposedException)
        {
            moved = false;
        }

        if (moved)
        {
            _moves.Publish(new ConnectionMoved(connection, from, target.Queue.Name, reason));
        }

        return moved;
    }

    private async Task RescueAsync(ZcrxConnection connection, ConnectionHost host, long position)
    {
        ImmutableArray<GroupMember> members = Members;
        if (!_stranded.TryGetValue(connection, out StrandedPosition? stranded) || stranded.Position != position)
        {
            stranded = new StrandedPosition(position);
            _stranded.AddOrUpdate(connection, stranded);
        }

        stranded.Failed(host);
        GroupMember? present = members.FirstOrDefault(member => member.Queue.Loop.Host == host);
        IEnumerable<GroupMember> others = members.Where(member => member.Queue.Loop.Host != host && member.RxQueue?.Interface == host.RxQueue?.Interface);
        if (stranded.Next(others, TryFindArrival(connection, present)) is not { } next)
        {
            host.FailStranded(connection.Receiver);
        }
        else if (!await MoveAsync(connection, present, next, MoveReason.ForeignMemory).ConfigureAwait(false))
        {
            stranded.Failed(next.Queue.Loop.Host);
        }
    }
}
