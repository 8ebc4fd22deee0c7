using System.Collections.Immutable;
using Zcrx.Rx;

namespace Zcrx.Actors.Rebalancing;

/// <summary>What status and metrics tell of the rebalancing; outlives its actor. Written by the actor, read by anyone.</summary>
internal sealed class RebalancingRecord
{
    private static readonly MoveReason[] Reasons = Enum.GetValues<MoveReason>();

    private readonly long[] _moves = new long[Reasons.Length];
    private ImmutableDictionary<long, DegradedConnection> _degraded = ImmutableDictionary<long, DegradedConnection>.Empty;
    private ImmutableSortedSet<string> _storms = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);
    private long _steered;
    private long _tables;
    private long _vetoed;
    private int _rules;

    public long FlowsSteered => Interlocked.Read(ref _steered);

    public int FlowRules => Volatile.Read(ref _rules);

    public ImmutableDictionary<long, DegradedConnection> Degraded => Volatile.Read(ref _degraded);

    public long Moves(MoveReason reason) => Interlocked.Read(ref _moves[(int)reason]);

    public void Moved(MoveReason reason) => Interlocked.Increment(ref _moves[(int)reason]);

    public bool HasStorm(string queue) => _storms.Contains(queue);

    public void Steered(RebalanceAction action) => Interlocked.Increment(ref action is RebalanceAction.SteerFlow ? ref _steered : ref _tables);

    public void RulesInPlace(int count) => Volatile.Write(ref _rules, count);

    public void Vetoed() => Interlocked.Increment(ref _vetoed);

    public void Storm(string queue, bool began) => Volatile.Write(ref _storms, began ? _storms.Add(queue) : _storms.Remove(queue));

    /// <returns>False when it is known already.</returns>
    public bool Degrade(DegradedConnection connection)
    {
        if (_degraded.ContainsKey(connection.ConnectionId))
        {
            return false;
        }

        Volatile.Write(ref _degraded, _degraded.Add(connection.ConnectionId, connection));
        return true;
    }

    /// <returns>How it was degraded; null when it was not.</returns>
    public DegradedConnection? Recover(long connection)
    {
        if (_degraded.TryGetValue(connection, out DegradedConnection? before))
        {
            Volatile.Write(ref _degraded, _degraded.Remove(connection));
        }

        return before;
    }

    public RebalancingStatus ToStatus() => new()
    {
        Moves = Reasons.Where(reason => Moves(reason) > 0).ToDictionary(static reason => reason, Moves),
        FlowsSteered = FlowsSteered,
        FlowRules = FlowRules,
        TablesReplaced = Interlocked.Read(ref _tables),
        Vetoed = Interlocked.Read(ref _vetoed),
        Storms = [.. Volatile.Read(ref _storms)],
        Degraded = [.. Degraded.Values.OrderBy(static connection => connection.ConnectionId)],
    };
}
