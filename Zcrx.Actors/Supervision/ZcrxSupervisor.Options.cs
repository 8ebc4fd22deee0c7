using Akka.Actor;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Options;
using Zcrx.Actors.Supervision;
using Zcrx.Rx;

namespace Zcrx.Actors;

/// <content>Options that change while everything runs.</content>
public sealed partial class ZcrxSupervisor
{
    private IReadOnlyList<string> _refusedOptions = [];

    /// <summary>Checked already. What can apply, applies: at once here, between two turns on the rings' threads, the rest with the next opening.</summary>
    private void OnApplyOptions(ApplyOptions message)
    {
        OptionsChange change = OptionsChange.Between(_runtime.Options, message.Options);
        _refusedOptions = [];
        _runtime.Reconfigure(message.Options);
        _queues.ForEach(queue => queue.Restart.Reconfigure(message.Options.Restart));
        List<string> applied = [.. change.Applied];
        List<Task<QueueChange>> asked = [];
        foreach (ZcrxQueueOptions options in message.Options.EffectiveQueues())
        {
            if (_queues.Find(queue => queue.Slot.Name == options.Name) is { } queue && queue.Slot.Options != options)
            {
                queue.Slot.Reconfigure(options);
                asked.Add(ReconfigureAsync(options, queue.Ready));
            }
        }

        _ = Task.WhenAll(asked).PipeTo(Self, success: queues => new OptionsApplied(
            [.. applied, .. queues.SelectMany(static queue => queue.Applied)],
            [.. queues.SelectMany(static queue => queue.NeedReopening)],
            change.NeedRestart));
    }

    private void OnOptionsApplied(OptionsApplied message)
    {
        if (message.Applied.Count > 0)
        {
            ZcrxLog.OptionsApplied(_runtime.Logger, string.Join(", ", message.Applied));
        }

        if (message.NeedRestartQueue.Count > 0)
        {
            ZcrxLog.OptionsNeedRestartQueue(_runtime.Logger, string.Join(", ", message.NeedRestartQueue));
        }

        if (message.NeedRestart.Count > 0)
        {
            ZcrxLog.OptionsNeedRestart(_runtime.Logger, string.Join(", ", message.NeedRestart));
        }

        // A source that says the same again is no news.
        if (message.Applied.Count + message.NeedRestartQueue.Count + message.NeedRestart.Count > 0)
        {
            Publish(new ZcrxEvent.OptionsChanged(message.Applied, message.NeedRestartQueue, message.NeedRestart));
        }
    }

    private void OnRefuseOptions(RefuseOptions message)
    {
        _refusedOptions = message.Errors;
        ZcrxLog.OptionsRefused(_runtime.Logger, string.Join("; ", message.Errors), message.Cause);
        Publish(new ZcrxEvent.OptionsRefused(message.Errors));
    }

    /// <summary>A queue that was opened while its options changed may have seen the old ones.</summary>
    private void CatchUp(QueueRecord queue)
    {
        if (queue.Ready is { } ready)
        {
            // Cannot fail. The result is the same as what was reported when the options changed.
            _ = ReconfigureAsync(queue.Slot.Options, ready);
        }
    }

    private static async Task<QueueChange> ReconfigureAsync(ZcrxQueueOptions options, ZcrxQueue? queue)
    {
        string[] Paths(IEnumerable<string> names) => [.. names.Select(name => $"{nameof(ZcrxOptions.Queues)}:{options.Name}:{name}")];
        if (queue is null)
        {
            return new QueueChange([$"{nameof(ZcrxOptions.Queues)}:{options.Name} (when it is opened)"], []);
        }

        try
        {
            QueueReconfiguration done = await queue.ReconfigureAsync(options).ConfigureAwait(false);
            return new QueueChange(Paths(done.Applied), Paths(done.NeedReopening));
        }
        catch (ObjectDisposedException)
        {
            // On its way out: its successor is opened with all of it.
            return new QueueChange([$"{nameof(ZcrxOptions.Queues)}:{options.Name} (when it is opened)"], []);
        }
#pragma warning disable CA1031 // The options are valid, so nothing else is expected; the next opening has them in any case, and that is reported.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return new QueueChange([], [$"{nameof(ZcrxOptions.Queues)}:{options.Name} ({exception.Message})"]);
        }
    }

    /// <summary>To the supervisor: changed options, which are valid.</summary>
    internal sealed record ApplyOptions(ZcrxOptions Options) : ILocalMessage;

    /// <summary>To the supervisor: changed options are invalid.</summary>
    internal sealed record RefuseOptions(IReadOnlyList<string> Errors, Exception? Cause) : ILocalMessage;

    private sealed record QueueChange(IReadOnlyList<string> Applied, IReadOnlyList<string> NeedReopening);

    private sealed record OptionsApplied(IReadOnlyList<string> Applied, IReadOnlyList<string> NeedRestartQueue, IReadOnlyList<string> NeedRestart) : ILocalMessage;
}
