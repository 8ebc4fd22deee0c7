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
/// Each change is a blocking system call on the thread of this actor. When the actor ends, its changes are undone as
/// <see cref="OutstandingWork"/>, so neither the rebalancer nor the supervisor waits for a system call. The next actor of the interface
/// waits for this work before it begins.
/// </remarks>
internal sealed class SteeringActor : ReceiveActor
{
    /// <summary>The name of Akka's dispatcher for blocking actors.</summary>
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

    /// <param name="networkInterface">The name of the network interface.</param>
    /// <param name="queues">The queues of the service. The engine of an open queue on the interface makes the changes.</param>
    /// <param name="options">The permitted changes.</param>
    /// <param name="published">Publishes the changes.</param>
    /// <param name="outstanding">
    /// Collects the work that undoes remaining changes when the actor ends. The next actor of the interface waits for this work before its
    /// first change.
    /// </param>
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

    /// <summary>Undoes all changes before the restart, because the restarted actor would not know of them.</summary>
    protected override void PreRestart(Exception reason, object message)
    {
        UndoAll();
        base.PreRestart(reason, message);
    }

    protected override void PostStop()
    {
        if (_rules.Count > 0 || _table is not null)
        {
            // The actor has ended, so only this task uses its fields from now on. The next actor of the interface waits for the task.
            _outstanding.Add(Task.Run(UndoAll));
        }
    }

    /// <summary>
    /// Undoes the changes that an earlier rebalancer or a dead process has left. Their flow rules would steer packets to queues that no
    /// longer exist.
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
            // The rebalancer waits for the answer even after a failure. The supervisor reports the failure.
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
    /// Determines whether the interface belongs to a container. Only the host can steer it then. No journal is opened, because the file
    /// system of the container may be read-only.
    /// </summary>
    private bool IsSteeredByHost()
    {
        try
        {
            return (_options.NicFacts ?? new NetlinkNicFacts()).Read(_interface).IsNetkit;
        }
        catch (ZcrxException)
        {
            // The failure is ignored here, because the queues of the interface report it when they are opened.
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
#pragma warning disable CA1031 // ZcrxRebalancingOptions.FlowSteering may be application code. The rebalancer reports its exceptions.
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
                // Removes an earlier rule of the connection, because with two rules for one flow the NIC decides which rule applies.
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

        // The rule is no longer in _rules, so a failed removal is not retried.
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
#pragma warning disable CA1031 // ZcrxRebalancingOptions.FlowSteering may be application code. Its exceptions are reported.
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
            // The rebalancer waits for the answer even after a failure.
            Sender.Tell(new Undone());
        }
    }

    /// <summary>Undoes all changes, and reports each success and each failure.</summary>
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
#pragma warning disable CA1031 // FlowSteering may be application code. After an exception the other changes are still undone.
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
    /// Tells the actor to undo earlier changes, because a rebalancer begins. Answered with <see cref="Prepared"/>.
    /// </summary>
    public sealed record Prepare : ILocalMessage;

    /// <summary>Answers <see cref="Prepare"/>: earlier changes are undone, or the failure is reported.</summary>
    public sealed record Prepared : ILocalMessage;

    /// <summary>Tells the actor to add a flow rule or to replace the RSS table. Answered with <see cref="Changed"/>.</summary>
    /// <param name="Action">The change.</param>
    /// <param name="Run">The id of the step that needs the change. The rebalancer finds the step by it when the answer arrives.</param>
    public sealed record Change(RebalanceAction Action, long Run) : ILocalMessage;

    /// <summary>Answers <see cref="Change"/> with its result.</summary>
    /// <param name="Request">The message that is answered.</param>
    /// <param name="IsDone">True if the change was made.</param>
    /// <param name="Cause">The exception of a refused change; null if the change was made or no queue of the interface is open.</param>
    public sealed record Changed(Change Request, bool IsDone, Exception? Cause) : ILocalMessage;

    /// <summary>Tells the actor that a connection is closed. The actor removes the flow rule of the connection.</summary>
    public sealed record Release(long Connection) : ILocalMessage;

    /// <summary>Tells the actor to undo all changes. Answered with <see cref="Undone"/>.</summary>
    public sealed record Undo : ILocalMessage;

    /// <summary>Answers <see cref="Undo"/>: all changes are undone, or the failures are reported.</summary>
    public sealed record Undone : ILocalMessage;

    private sealed record EarlierUndone : ILocalMessage;
}

/// <summary>Represents an active flow rule, and the object through which it was added.</summary>
internal sealed record SteeredFlow(RebalanceAction.SteerFlow Action, int Rule, IFlowSteering Through);

/// <summary>
/// Represents the replacement of an RSS table. Contains the original table, and the object through which it was replaced.
/// </summary>
internal sealed record ReplacedTable(RebalanceAction.ReplaceRssTable Action, IReadOnlyList<int> Before, IFlowSteering Through);

/// <summary>
/// Steers the interfaces of the machine, and records each change in the journal of the process. The journal is opened at its first use, so
/// a service that never steers needs no directory for it.
/// </summary>
internal sealed class JournaledSteering(Action<string> report) : IFlowSteering
{
    private readonly Lazy<NicChangeJournal> _journal = new(() => NicChangeJournal.OfThisProcess(report: report));

    /// <summary>Opens the journal, and undoes the changes of dead processes.</summary>
    /// <exception cref="ZcrxException">The directory of the journal is not writable.</exception>
    public void Open() => _ = _journal.Value;

    public int AddRule(string interfaceName, FlowRule rule) => _journal.Value.AddRule(interfaceName, rule);

    public bool RemoveRule(string interfaceName, int id) => _journal.Value.RemoveRule(interfaceName, id);

    public void SetRssTable(string interfaceName, IReadOnlyList<int> table) => _journal.Value.SetRssTable(interfaceName, table);

    public void SetHeaderDataSplit(string interfaceName, bool? split, int? threshold) => _journal.Value.SetHeaderDataSplit(interfaceName, split, threshold);
}
