using System.Diagnostics;
using Zcrx.Actors.Diagnostics;
using Zcrx.Actors.Logging;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>A planned restart of a NIC's queue without giving its RX queue back: the next ring goes on with the registration, before the last one ends.</summary>
internal static class QueueSuccession
{
    /// <summary>Whether the kernel can do so, something would be lost otherwise, and the options do not ask for another registration.</summary>
    public static bool IsPossible(ZcrxQueue queue, ZcrxQueueOptions registered, ZcrxQueueOptions wanted) =>
        queue.RxQueue is not null
        && queue.Capabilities is { CanExport: true, CanImport: true }
        && wanted.SharesRegistrationWith(registered);

    /// <summary>Opens the queue that goes on.</summary>
    /// <returns>The queue, which is the caller's; null when it could not be opened: then nothing has changed.</returns>
    public static async Task<ZcrxQueue?> BeginAsync(ZcrxQueue queue, QueueSlot slot, ZcrxRuntime runtime, ActivityContext cause)
    {
        using Activity? activity = ZcrxActivities.Begin("zcrx.queue.open", slot.Name, cause)?.SetTag("zcrx.engine", queue.Engine.Name);
        try
        {
            using ExportedQueue exported = await queue.ExportAsync().ConfigureAwait(false);
            ZcrxQueue next = await ZcrxQueue.ImportAsync(exported, slot.OptionsToOpen, slot.Parking).ConfigureAwait(false);
            // At once: connections on other queues whose payload lies in this memory must find somebody who has it at every moment.
            runtime.Join(next, slot.Options);
            runtime.Group.Remove(queue);
            return next;
        }
#pragma warning disable CA1031 // Whatever it was: the queue is closed and registered again, as it is where this is not possible.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            activity.End(exception);
            ZcrxLog.QueueNotSucceeded(runtime.Logger, slot.Name, exception);
            return null;
        }
    }
}
