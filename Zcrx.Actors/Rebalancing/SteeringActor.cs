using System.Diagnostics;
using Akka.Actor;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Queues;
using Zcrx.Interop;

namespace Zcrx.Actors.Rebalancing;

/// <summary>Owns the changes on one interface: the flow rules, the RSS table, and the journal that records them.</summary>
/// <remarks>
/// Changes are made one after another, in the order of the messages, with system calls on this actor's thread.
/// <see cref="OutstandingWork"/> undoes them when the actor ends, so that neither the rebalancer nor the supervisor waits for a system
/// call. A successor waits for it before it begins.
/// </remarks>
internal sealed class SteeringActor : ReceiveActor
{
    /// <summary>The dispatcher of Akka for actors that block.</summary>
    public const string DispatcherId = "akka.actor.default-blocking-io-dispatcher";

    private readonly string _interface;
    private readonly IReadOnlyList<Published<QueueSnapshot>> _queues;
    private readonly ZcrxRebalancingOptions _options;
    private readonly Published<SteeringSnapshot> _published;
    private readonly OutstandingWork _outstanding;
    private readonly ILogger _logger;
    private readonly RebalancingReport _report;
    private readonly JournaledSteering _journal;
    private Dictionary<long, SteeredFlow> _rules = [];
    private ReplacedTable? _table;

    /// <param name="networkInterface">The interface.</param>
    /// <param name="queues">The queues. Those of the interface determine how it is steered.</param>
    /// <param name="options">The permitted changes.</param>
    /// <param name="published">Publishes the counts.</param>
    /// <param name="outstanding">Undoes the remaining changes when the actor ends. Work that an earlier actor of the interface left is
    /// awaited.</param>
    /// <param name="logger">The log.</param>
    public SteeringActor(
        string networkInterface,
        IReadOnlyList<Published<QueueSnapshot>> queues,
        ZcrxRebalancingOptions options,
        Published<SteeringSnapshot> published,
        OutstandingWork outstanding,
        ILogger logger)
    {
        (_interface, _queues, _options, _published, _outstanding, _logger) = (networkInterface, queues, options, published, outstanding, logger);
        _report = new RebalancingReport(logger, Context.System.EventStream);
        _journal = new JournaledSteering(text => ZcrxLog.Journal(logger, text));
        Receive<Prepare>(message => _ = _outstanding.WhenDone().PipeTo(Self, Sender, success: static () => new EarlierUndone()));
        Receive<EarlierUndone>(_ => OnPrepare());
        Receive<Change>(OnChange);
        Receive<Release>(message => OnRelease(message.Connection));
        Receive<Undo>(_ => OnUndo());
    }

    /// <summary>Undoes everything at once. The successor handles the next message.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        UndoAll();
        base.PreRestart(reason, message);
    }

    protected override void PostStop()
    {
        if (_rules.Count > 0 || _table is not null)
        {
            // The work owns the state from now on. A successor uses neither it nor the published counts before the work is done.
            _outstanding.Add(Task.Run(UndoAll));
        }
    }

    /// <summary>
    /// Undoes the changes of an earlier rebalancer or a dead process: their rules would send packets to queues that no longer exist.
    /// </summary>
    private void OnPrepare()
    {
        try
        {
            UndoAll();
            OpenJournal();
        }
        finally
        {
            // The rebalancer waits for the answer, also after a failure, which the supervisor reports.
            Sender.Tell(new Prepared());
        }
    }

    private void OpenJournal()
    {
        bool isOfMachine = _queues.Any(queue => queue.Value.Options is { Engine: not (Rx.ZcrxEngine.Emulated or Rx.ZcrxEngine.IoUring) } options && options.Interface == _interface);
        if (_options.Steering == FlowSteeringPermission.Forbidden || !isOfMachine || IsSteeredByHost())
        {
            return;
        }

        try
        {
            _journal.Open();
        }
        catch (ZcrxException exception)
        {
            ZcrxLog.NoJournal(_logger, exception);
        }
    }

    /// <summary>
    /// Determines whether the interface is a container's. Its host steers it, so nothing is recorded in the container, whose file system
    /// may be read-only.
    /// </summary>
    private bool IsSteeredByHost()
    {
        try
        {
            return (_options.NicFacts ?? new NetlinkNicFacts()).Read(_interface).IsNetkit;
        }
        catch (ZcrxException)
        {
            // The opening of its queues reports the failure.
            return false;
        }
    }

    private void OnChange(Change message)
    {
        using Activity? activity = ZcrxActivities.Begin(message.Action);
        try
        {
            bool isDone = NicAccess.For(_interface, _queues.Select(static queue => queue.Value), _options, _journal) is { } access && Make(message.Action, access);
            if (isDone)
            {
                _report.Publish(new RebalanceEvent.Steered(message.Action));
            }
            else
            {
                activity?.SetStatus(ActivityStatusCode.Error, "no queue of the interface is open");
            }

            Sender.Tell(new Changed(message, isDone, null));
        }
#pragma warning disable CA1031 // Steering may be the application's (ZcrxRebalancingOptions.FlowSteering) and throw anything. The rebalancer reports it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            activity.End(exception);
            Sender.Tell(new Changed(message, false, exception));
        }

        PublishRules();
    }

    private bool Make(RebalanceAction action, NicAccess access)
    {
        switch (action)
        {
            case RebalanceAction.SteerFlow steer:
                // Replaces the connection's earlier rule, because with two rules for one flow the NIC decides which one counts.
                Remove(steer.ConnectionId);
                _rules.Add(steer.ConnectionId, new SteeredFlow(steer, access.Steering.AddRule(_interface, steer.Rule), access.Steering));
                Count(static counts => counts with { Added = counts.Added + 1 });
                return true;
            case RebalanceAction.ReplaceRssTable replace:
                IReadOnlyList<int> before = _table?.Before ?? [.. access.Facts.Read(_interface).RssTable];
                access.Steering.SetRssTable(_interface, replace.Table);
                _table = new ReplacedTable(replace, before, access.Steering);
                Count(static counts => counts with { Tables = counts.Tables + 1 });
                return true;
            default:
                return false;
        }
    }

    private RebalanceAction.SteerFlow? Remove(long connection)
    {
        if (!_rules.Remove(connection, out SteeredFlow? flow))
        {
            return null;
        }

        // A rule that cannot be removed is not retried.
        flow.Through.RemoveRule(_interface, flow.Rule);
        return flow.Action;
    }

    private void OnRelease(long connection)
    {
        if (!_rules.ContainsKey(connection))
        {
            return;
        }

        using Activity? activity = ZcrxActivities.Begin("zcrx.rebalancing.unsteer")?.SetTag("zcrx.connection.id", connection).SetTag("network.interface.name", _interface);
        try
        {
            if (Remove(connection) is { } undone)
            {
                _report.Publish(new RebalanceEvent.Unsteered(undone));
            }
        }
#pragma warning disable CA1031 // As above.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            activity.End(exception);
            _report.Publish(new RebalanceEvent.UndoFailed(connection, exception));
        }

        PublishRules();
    }

    private void OnUndo()
    {
        try
        {
            UndoAll();
        }
        finally
        {
            // The rebalancer waits for the answer, also after a failure.
            Sender.Tell(new Undone());
        }
    }

    /// <summary>Undoes everything, and reports each success and failure.</summary>
    private void UndoAll()
    {
        (Dictionary<long, SteeredFlow> rules, ReplacedTable? table) = (_rules, _table);
        (_rules, _table) = ([], null);
        foreach (SteeredFlow flow in rules.Values)
        {
            Try(flow.Action, () => flow.Through.RemoveRule(_interface, flow.Rule));
        }

        if (table is not null)
        {
            Try(table.Action, () => table.Through.SetRssTable(_interface, table.Before));
        }

        PublishRules();

        void Try(RebalanceAction action, Action undo)
        {
            try
            {
                undo();
                _report.Publish(new RebalanceEvent.Unsteered(action));
            }
#pragma warning disable CA1031 // As above. The other changes are undone nevertheless.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _report.Publish(new RebalanceEvent.Failed(action, exception));
            }
        }
    }

    private void Count(Func<SteeringSnapshot, SteeringSnapshot> add) => _published.Publish(add(_published.Value));

    private void PublishRules() => Count(counts => counts with { Flows = [.. _rules.Values.Select(static flow => flow.Action)] });

    /// <summary>
    /// Tells the actor that a rebalancer begins, so that it undoes earlier changes. Answered with <see cref="Prepared"/>.
    /// </summary>
    public sealed record Prepare : ILocalMessage;

    /// <summary>Sent to the sender of <see cref="Prepare"/>.</summary>
    public sealed record Prepared : ILocalMessage;

    /// <summary>Tells the actor to add a flow rule or to replace the RSS table. Answered with <see cref="Changed"/>.</summary>
    /// <param name="Action">The change.</param>
    /// <param name="Run">Identifies the request.</param>
    public sealed record Change(RebalanceAction Action, long Run) : ILocalMessage;

    /// <summary>Sent to the sender of <see cref="Change"/>.</summary>
    /// <param name="Request">The request.</param>
    /// <param name="IsDone">Whether the change is made.</param>
    /// <param name="Cause">The reason, if the interface refused it, or null.</param>
    public sealed record Changed(Change Request, bool IsDone, Exception? Cause) : ILocalMessage;

    /// <summary>Tells the actor that a connection is closed, so that it removes its flow rule.</summary>
    public sealed record Release(long Connection) : ILocalMessage;

    /// <summary>Tells the actor to undo everything. Answered with <see cref="Undone"/>.</summary>
    public sealed record Undo : ILocalMessage;

    /// <summary>Sent to the sender of <see cref="Undo"/>.</summary>
    public sealed record Undone : ILocalMessage;

    private sealed record EarlierUndone : ILocalMessage;
}

/// <summary>Represents an active flow rule, and the object through which it was added.</summary>
internal sealed record SteeredFlow(RebalanceAction.SteerFlow Action, int Rule, IFlowSteering Through);

/// <summary>Represents a replaced RSS table, and the original one.</summary>
internal sealed record ReplacedTable(RebalanceAction.ReplaceRssTable Action, IReadOnlyList<int> Before, IFlowSteering Through);

/// <summary>Steers the machine's interfaces through the process's journal, which is opened at its first use. A service that never steers needs no directory for it.</summary>
internal sealed class JournaledSteering(Action<string> report) : IFlowSteering
{
    private readonly Lazy<NicChangeJournal> _journal = new(() => NicChangeJournal.OfThisProcess(report: report));

    /// <summary>Undoes the changes of dead processes.</summary>
    /// <exception cref="ZcrxException">The journal's directory cannot be written.</exception>
    public void Open() => _ = _journal.Value;

    public int AddRule(string interfaceName, FlowRule rule) => _journal.Value.AddRule(interfaceName, rule);

    public bool RemoveRule(string interfaceName, int id) => _journal.Value.RemoveRule(interfaceName, id);

    public void SetRssTable(string interfaceName, IReadOnlyList<int> table) => _journal.Value.SetRssTable(interfaceName, table);

    public void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold) => _journal.Value.SetHeaderDataSplit(interfaceName, split, threshold);
}
