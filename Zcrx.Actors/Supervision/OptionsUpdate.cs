using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Zcrx.Actors.Logging;
using Zcrx.Actors.Messages;
using Zcrx.Actors.Options;
using Zcrx.Actors.Queues;
using Zcrx.Rx;

namespace Zcrx.Actors.Supervision;

/// <summary>Represents the result of changed options: what applies now, and what needs a restart.</summary>
internal sealed record OptionsUpdate(IReadOnlyList<string> Applied, IReadOnlyList<string> NeedRestartQueue, IReadOnlyList<string> NeedRestart) : ILocalMessage
{
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Gives changed options to the queues. What can apply, applies between two turns of their ring threads, the rest with their next opening.</summary>
    /// <param name="current">The options that applied before.</param>
    /// <param name="changed">The changed ones, which are valid.</param>
    /// <param name="queues">The queues' supervisors by name.</param>
    public static async Task<OptionsUpdate> ApplyAsync(ZcrxOptions current, ZcrxOptions changed, IReadOnlyList<(string Name, IActorRef Supervisor)> queues)
    {
        OptionsChange change = OptionsChange.Between(current, changed);
        IReadOnlyList<ZcrxQueueOptions> options = changed.EffectiveQueues();
        QueueReconfigured[] done = await Task.WhenAll(queues.Select(queue => ApplyAsync(queue.Name, queue.Supervisor, new ReconfigureQueue(
            changed, options.FirstOrDefault(candidate => candidate.Name == queue.Name))))).ConfigureAwait(false);
        return new OptionsUpdate(
            [.. change.Applied, .. done.SelectMany(static queue => queue.Applied)],
            [.. done.SelectMany(static queue => queue.NeedReopening)],
            change.NeedRestart);
    }

    /// <summary>Logs and publishes the result. A source that repeats the same options is not reported.</summary>
    public void Report(ILogger logger, EventStream events)
    {
        if (Applied.Count > 0)
        {
            ZcrxLog.OptionsApplied(logger, string.Join(", ", Applied));
        }

        if (NeedRestartQueue.Count > 0)
        {
            ZcrxLog.OptionsNeedRestartQueue(logger, string.Join(", ", NeedRestartQueue));
        }

        if (NeedRestart.Count > 0)
        {
            ZcrxLog.OptionsNeedRestart(logger, string.Join(", ", NeedRestart));
        }

        if (Applied.Count + NeedRestartQueue.Count + NeedRestart.Count > 0)
        {
            events.Publish(new ZcrxEvent.OptionsChanged(Applied, NeedRestartQueue, NeedRestart));
        }
    }

    private static async Task<QueueReconfigured> ApplyAsync(string name, IActorRef supervisor, ReconfigureQueue message)
    {
        try
        {
            return await supervisor.Ask<QueueReconfigured>(message, AnswerTimeout).ConfigureAwait(false);
        }
        catch (AskTimeoutException exception)
        {
            // Its ring thread is blocked by a consumer, or it is being stopped.
            return new QueueReconfigured([], [$"{nameof(ZcrxOptions.Queues)}:{name} ({exception.Message})"]);
        }
    }
}
