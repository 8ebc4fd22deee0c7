using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Logging;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Opens the incarnations of one queue, lets one continue the registration of another, and closes them.</summary>
internal sealed class QueueOpener(
    ZcrxSuspendedConnections suspended, ZcrxQueueGroup group, IncomingQueues incomingQueues, ZcrxRebalancingOptions rebalancing, ILogger logger)
{
    /// <summary>Opens the queue, or continues the one that came from another process. Runs on the thread pool, since choosing the engine asks the kernel.</summary>
    public async Task<ZcrxQueue> OpenAsync(ZcrxQueueOptions options, ActivityContext cause)
    {
        Activity? activity = ZcrxActivities.Begin("zcrx.queue.open", options.Name, cause);
        try
        {
            ZcrxQueueOptions reporting = WithReport(options);
            using IncomingQueue? incoming = incomingQueues.Take(options.Name);
            ZcrxQueue queue = await Task.Run(() => incoming is null
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
    /// Determines whether the next ring can continue the registration: the kernel supports it, data would be lost otherwise, and the
    /// options need no other registration.
    /// </summary>
    public static bool CanTakeOver(ZcrxQueue queue, ZcrxQueueOptions registered, ZcrxQueueOptions wanted) =>
        queue.RxQueue is not null
        && queue.Capabilities is { CanExport: true, CanImport: true }
        && wanted.SharesRegistrationWith(registered);

    /// <summary>Opens a queue that continues the registration of an open one.</summary>
    /// <returns>The queue, owned by the caller; null if it could not be opened. In that case nothing has changed.</returns>
    public async Task<ZcrxQueue?> TakeOverAsync(ZcrxQueue queue, ZcrxQueueOptions options, ActivityContext cause)
    {
        using Activity? activity = ZcrxActivities.Begin("zcrx.queue.open", options.Name, cause)?.SetTag("zcrx.engine", AttributeValue.Of(queue.Engine));
        try
        {
            using ExportedQueue exported = await queue.ExportAsync().ConfigureAwait(false);
            ZcrxQueue next = await ZcrxQueue.ImportAsync(exported, options, suspended).ConfigureAwait(false);
            // At once: a connection of another queue whose payload lies in this memory must always find a queue that owns the memory.
            Join(next, options);
            group.Remove(queue);
            return next;
        }
#pragma warning disable CA1031 // Whatever failed: the queue is closed and registered again, as on kernels that cannot continue a registration.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            activity.End(exception);
            ZcrxLog.RegistrationNotKept(logger, options.Name, exception);
            return null;
        }
    }

    /// <summary>Adds a queue to the group that shares connections. Repeating it has no effect.</summary>
    public void Join(ZcrxQueue queue, ZcrxQueueOptions options)
    {
        if (!group.Queues.Contains(queue))
        {
            group.Add(queue, NicAccess.FactsOf(queue, options, rebalancing));
        }
    }

    /// <summary>Returns a task that ends with work that has no queue as its result.</summary>
    public static async Task<ZcrxQueue?> CloseAsync(Task work)
    {
        await work.ConfigureAwait(false);
        return null;
    }

    /// <summary>Closes a queue that no incarnation will use, and the queue that the closing of another one returns.</summary>
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

    /// <summary>Changes the options of an open queue. Does not fault.</summary>
    /// <param name="options">All options of the queue.</param>
    /// <param name="queue">The queue; null while none is open.</param>
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
            // The queue is closing, and its next opening applies all of it.
            return new QueueMessage.Reconfigured([$"{path} (when it is opened)"], []);
        }
#pragma warning disable CA1031 // The options are valid, so nothing else is expected. The next opening applies them in any case, and that is reported.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return new QueueMessage.Reconfigured([], [$"{path} ({exception.Message})"]);
        }
    }

    /// <summary>Logs the changes of interfaces that an opening makes, besides reporting them to the options' own delegate.</summary>
    private ZcrxQueueOptions WithReport(ZcrxQueueOptions options) => !options.ConfigureNic ? options : options with
    {
        NicReport = text =>
        {
            ZcrxLog.InterfaceConfigured(logger, text);
            options.NicReport?.Invoke(text);
        },
    };
}
