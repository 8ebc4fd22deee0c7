using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Options;
using Zcrx.Actors.Queues;
using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>Applies changed options to the actor tree, or refuses the whole change. Owned by the <see cref="ZcrxSupervisor"/>.</summary>
internal sealed class TreeOptions(Published<ZcrxOptions> options, QueueSet queues, ILogger logger, EventStream events)
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Gets the errors of the last change if it was refused; empty otherwise.</summary>
    public IReadOnlyList<string> Refused { get; private set; } = [];

    /// <summary>
    /// Publishes changed options, and passes them to the queues. Some options of an open queue apply at once. The others apply when the
    /// queue is opened again.
    /// </summary>
    /// <param name="changed">The changed and valid options.</param>
    public async Task<OptionsUpdate> ApplyAsync(ZcrxOptions changed)
    {
        Refused = [];
        OptionsChange change = OptionsChange.Between(options.Value, changed);
        options.Publish(changed);
        IReadOnlyList<ZcrxQueueOptions> wanted = changed.EffectiveQueues();
        Task<QueueMessage.Reconfigured>[] asked =
        [
            .. queues.All.Where(static queue => queue.Actor is not null).Select(queue => AskAsync(queue.Now.Name, queue.Actor!, new QueueMessage.Reconfigure(
                changed, wanted.FirstOrDefault(candidate => candidate.Name == queue.Now.Name)))),
        ];
        QueueMessage.Reconfigured[] done = await Task.WhenAll(asked).ConfigureAwait(false);
        return new OptionsUpdate(
            [.. change.Applied, .. done.SelectMany(static queue => queue.Applied)],
            [.. done.SelectMany(static queue => queue.NeedReopening)],
            change.NeedRestart);
    }

    /// <summary>Logs and publishes the result of a change. Nothing is reported if no option has changed.</summary>
    public void Report(OptionsUpdate update)
    {
        if (update.Applied.Count > 0)
        {
            ZcrxLog.OptionsApplied(logger, string.Join(", ", update.Applied));
        }

        if (update.NeedRestartQueue.Count > 0)
        {
            ZcrxLog.OptionsNeedRestartQueue(logger, string.Join(", ", update.NeedRestartQueue));
        }

        if (update.NeedRestart.Count > 0)
        {
            ZcrxLog.OptionsNeedRestart(logger, string.Join(", ", update.NeedRestart));
        }

        if (update.Applied.Count + update.NeedRestartQueue.Count + update.NeedRestart.Count > 0)
        {
            events.Publish(new ZcrxEvent.OptionsChanged(update.Applied, update.NeedRestartQueue, update.NeedRestart));
        }
    }

    /// <summary>Records and reports an invalid change.</summary>
    public void Refuse(TreeMessage.RefuseOptions message)
    {
        Refused = message.Errors;
        ZcrxLog.OptionsRefused(logger, string.Join("; ", message.Errors), message.Cause);
        events.Publish(new ZcrxEvent.OptionsRefused(message.Errors));
    }

    private static async Task<QueueMessage.Reconfigured> AskAsync(string name, IActorRef supervisor, QueueMessage.Reconfigure message)
    {
        try
        {
            return await supervisor.Ask<QueueMessage.Reconfigured>(message, AnswerTimeout).ConfigureAwait(false);
        }
        catch (AskTimeoutException exception)
        {
            // The queue does not answer while a consumer blocks its ring thread or while the queue is being stopped.
            return new QueueMessage.Reconfigured([], [$"{nameof(ZcrxOptions.Queues)}:{name} ({exception.Message})"]);
        }
    }
}

/// <summary>Reports to the supervisor that changed options have been passed to the queues.</summary>
/// <param name="Applied">The options that apply now.</param>
/// <param name="NeedRestartQueue">The options that apply when their queue is opened again.</param>
/// <param name="NeedRestart">The options that need a restart of the host.</param>
internal sealed record OptionsUpdate(IReadOnlyList<string> Applied, IReadOnlyList<string> NeedRestartQueue, IReadOnlyList<string> NeedRestart) : ILocalMessage;
