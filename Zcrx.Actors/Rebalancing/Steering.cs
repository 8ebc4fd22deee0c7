using Zcrx.Interop;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Flow rules and RSS tables that were changed, and what undoes each. Any thread.</summary>
internal sealed class Steering
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, (RebalanceAction.SteerFlow Action, int Rule, IFlowSteering Through)> _rules = [];
    private readonly Dictionary<string, (RebalanceAction.ReplaceRssTable Action, IReadOnlyList<int> Before, IFlowSteering Through)> _tables = new(StringComparer.Ordinal);

    private volatile int _count;
    private bool _isOver;

    /// <summary>Gets the number of rules in place. Without the lock, under which others make system calls.</summary>
    public int Rules => _count;

    /// <summary>Whether a connection has a flow rule.</summary>
    public bool Has(long connection)
    {
        lock (_gate)
        {
            return _rules.ContainsKey(connection);
        }
    }

    /// <summary>Adds a connection's flow rule, in place of the one that it may have: two of them for the same flow would leave it to the NIC which one counts.</summary>
    /// <returns>False when everything has been undone already.</returns>
    /// <exception cref="ZcrxException">It cannot be added; the old one is gone all the same.</exception>
    public bool TryAdd(RebalanceAction.SteerFlow action, IFlowSteering through)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return false;
            }

            Remove(action.ConnectionId);
            _rules.Add(action.ConnectionId, (action, through.AddRule(action.Interface, action.Rule), through));
            _count = _rules.Count;
            return true;
        }
    }

    /// <summary>Removes a connection's flow rule.</summary>
    /// <returns>What had been done; null when there was none.</returns>
    /// <exception cref="ZcrxException">It cannot be removed; it is not tried again.</exception>
    public RebalanceAction.SteerFlow? Remove(long connection)
    {
        lock (_gate)
        {
            if (!_rules.Remove(connection, out (RebalanceAction.SteerFlow Action, int Rule, IFlowSteering Through) entry))
            {
                return null;
            }

            _count = _rules.Count;
            entry.Through.RemoveRule(entry.Action.Interface, entry.Rule);
            return entry.Action;
        }
    }

    /// <summary>Replaces an interface's RSS table; the first one is remembered.</summary>
    /// <returns>False when everything has been undone already.</returns>
    /// <exception cref="ZcrxException">It cannot be replaced.</exception>
    public bool TryReplace(RebalanceAction.ReplaceRssTable action, NicAccess access)
    {
        lock (_gate)
        {
            if (_isOver)
            {
                return false;
            }

            IReadOnlyList<int> before = _tables.TryGetValue(action.Interface, out var earlier) ? earlier.Before : [.. access.Facts.Read(action.Interface).RssTable];
            access.Steering.SetRssTable(action.Interface, action.Table);
            _tables[action.Interface] = (action, before, access.Steering);
            return true;
        }
    }

    /// <summary>Undoes everything, and changes nothing any more. Makes system calls.</summary>
    /// <returns>What was undone, and what could not be.</returns>
    public IReadOnlyList<RebalanceEvent> UndoAll()
    {
        List<RebalanceEvent> events = [];
        lock (_gate)
        {
            _isOver = true;
            foreach ((long connection, (RebalanceAction.SteerFlow action, _, _)) in _rules.ToArray())
            {
                Try(action, () => Remove(connection));
            }

            foreach ((RebalanceAction.ReplaceRssTable action, IReadOnlyList<int> before, IFlowSteering through) in _tables.Values)
            {
                Try(action, () => through.SetRssTable(action.Interface, before));
            }

            _tables.Clear();
        }

        return events;

        void Try(RebalanceAction action, Action undo)
        {
            try
            {
                undo();
                events.Add(new RebalanceEvent.Unsteered(action));
            }
#pragma warning disable CA1031 // Steering may be the application's and throw anything; the rest is undone all the same.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                events.Add(new RebalanceEvent.Failed(action, exception));
            }
        }
    }
}
