using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Logging;
using Zcrx.Interop;
using Zcrx.Rx;
using Zcrx.Rx.Ring;

namespace Zcrx.Actors.Queues;

/// <summary>Opens and closes the successive incarnations of one queue. Passes the kernel's registration from one to the next.</summary>
internal sealed class QueueOpener(
    ZcrxSuspendedConnections suspended, ZcrxQueueGroup group, IncomingQueues incomingQueues, ZcrxRebalancingOptions rebalancing, ILogger logger)
{
    /// <summary>
    /// Opens the queue, or imports it from the predecessor of a takeover. Runs on the thread pool, because the choice of the engine makes
    /// system calls.
    /// </summary>
    public async Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, ActivityContext cause)
    {
        Activity? activity = ZcrxActivities.Begin("zcrx.queue.open", options.Name, cause);
        try
        {
            ZcrxQueueOptions reporting = WithReport(options);
            using IncomingQueue? incoming = incomingQueues.Take(options.Name);
            ZcrxQueue queue = await PoolWork.RunAsync(() => incoming is null
                ? ZcrxQueue.OpenAsync(reporting, suspended)
                : ZcrxQueue.ImportAsync(incoming, reporting, suspended)).ConfigureAwait(false);
            activity?.SetTag("zcrx.engine", AttributeValue.Of(queue.Engine));
            activity.End();
            return queue;
        }
        catch (Exception exception)
        {
            activity.End(exception);
            throw;
        }
    }

    /// <summary>
    /// Determines whether the next ring can continue the kernel's registration of the queue. The queue must have a NIC, and the kernel must
    /// support export and import. The wanted options must fit the existing registration.
    /// </summary>
    public static bool CanTakeOver(ZcrxQueue queue, ZcrxQueueOptions registered, ZcrxQueueOptions wanted) =>
        queue.RxQueue is not null
        && queue.Capabilities is { CanExport: true, CanImport: true }
        && wanted.SharesRegistrationWith(registered);

    /// <summary>Opens a queue that continues the registration of an open queue.</summary>
    /// <returns>The new queue, owned by the caller. Null if it could not be opened, which leaves the open queue unchanged.</returns>
    public async Task<ZcrxQueue?> TakeOverAsync(ZcrxQueue queue, ZcrxQueueOptions options, ActivityContext cause)
    {
        using Activity? activity = ZcrxActivities.Begin("zcrx.queue.open", options.Name, cause)?.SetTag("zcrx.engine", AttributeValue.Of(queue.Engine));
        try
        {
            using ExportedQueue exported = await queue.ExportAsync().ConfigureAwait(false);
            ZcrxQueue next = await ZcrxQueue.ImportAsync(exported, options, suspended).ConfigureAwait(false);
            // Joins the group before the old queue leaves it. A connection of another queue may have payload in this memory, and must
            // always find a queue that owns the memory.
            Join(next, options);
            group.Remove(queue);
            return next;
        }
#pragma warning disable CA1031 // After any failure, the queue is closed and registered anew, as on kernels without export and import.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            activity.End(exception);
            ZcrxLog.RegistrationNotKept(logger, options.Name, exception);
            return null;
        }
    }

    /// <summary>Adds a queue to the group, between whose queues connections can move. A repeated call has no effect.</summary>
    public void Join(ZcrxQueue queue, ZcrxQueueOptions options)
    {
        if (!group.Queues.Contains(queue))
        {
            group.Add(queue, NicAccess.FactsOf(queue, options, rebalancing));
        }
    }

    /// <summary>
    /// Waits for work. Returns null instead of a queue that continues the registration, so the next incarnation registers anew.
    /// </summary>
    /// <returns>Always null.</returns>
    public static async Task<ZcrxQueue?> CloseAsync(Task work)
    {
        await work.ConfigureAwait(false);
        return null;
    }

    /// <summary>
    /// Closes two queues that no incarnation will use: the result of <paramref name="closing"/>, and <paramref name="next"/>.
    /// </summary>
    /// <returns>Always null.</returns>
    public static async Task<ZcrxQueue?> DropAsync(Task<ZcrxQueue?> closing, ZcrxQueue? next)
    {
        foreach (ZcrxQueue? queue in new[] { await closing.ConfigureAwait(false), next })
        {
            if (queue is not null)
            {
                await queue.DisposeAsync().ConfigureAwait(false);
            }
        }

        return null;
    }

    /// <summary>Changes the options of an open queue. The returned task never faults.</summary>
    /// <param name="options">All options of the queue.</param>
    /// <param name="queue">The queue; null if it is not open.</param>
    public static async Task<QueueMessage.Reconfigured> ReconfigureAsync(ZcrxQueueOptions options, ZcrxQueue? queue)
    {
        string path = $"{nameof(ZcrxOptions.Queues)}:{options.Name}";
        string[] Paths(IEnumerable<string> names) => [.. names.Select(name => $"{path}:{name}")];
        if (queue is null)
        {
            return new QueueMessage.Reconfigured([$"{path} (when it is opened)"], []);
        }

        try
        {
            QueueReconfiguration done = await queue.ReconfigureAsync(options).ConfigureAwait(false);
            return new QueueMessage.Reconfigured(Paths(done.Applied), Paths(done.NeedReopening));
        }
        catch (ObjectDisposedException)
        {
            // The queue is closing. Its next opening applies all options.
            return new QueueMessage.Reconfigured([$"{path} (when it is opened)"], []);
        }
#pragma warning disable CA1031 // Valid options should not fail. If they do, the failure is reported, and the next opening applies them.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return new QueueMessage.Reconfigured([], [$"{path} ({exception.Message})"]);
        }
    }

    /// <summary>
    /// Returns options that log each change of the interface during the opening. The application's own delegate is called as well.
    /// </summary>
    private ZcrxQueueOptions WithReport(ZcrxQueueOptions options) => !options.ConfigureNic ? options : options with
    {
        NicReport = text =>
        {
            ZcrxLog.InterfaceConfigured(logger, text);
            options.NicReport?.Invoke(text);
        },
    };
}
