using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>
/// Resumes the suspended connections of one queue on the same queue or on other queues, or ends them. Owned by the
/// <see cref="QueueSupervisor"/>.
/// </summary>
internal sealed class Relocation
{
    private IReadOnlyList<ZcrxQueue> _others = [];
    private bool _othersMayOpen = true;

    /// <summary>Gets the connections that are suspended while the queue is closed.</summary>
    public ZcrxSuspendedConnections Suspended { get; } = new();

    /// <summary>Sets the state of the other queues.</summary>
    /// <param name="open">The other queues that are open.</param>
    /// <param name="mayOpen">True if another queue is being opened or will be opened.</param>
    public void SetOthers(IReadOnlyList<ZcrxQueue> open, bool mayOpen) => (_others, _othersMayOpen) = (open, mayOpen);

    /// <summary>
    /// Resumes or ends the connections, or leaves them suspended. This depends on the states of their own queue and of the other queues.
    /// </summary>
    /// <returns>The names of the target queues, and the number of connections that have resumed on them.</returns>
    public async Task<(IReadOnlyList<string> Targets, int Connections)> RunAsync(QueueSnapshot queue, ZcrxRestartOptions restart)
    {
        switch (RelocationRule.Decide(queue.State, queue.RestartDelay, restart.RelocateAfter, restart.WhenGivenUp, _others.Count > 0, _othersMayOpen))
        {
            case SuspendedOutcome.ResumeOnOwn when queue.Ready is { } own:
                return await ResumeOnAsync([own]).ConfigureAwait(false);
            case SuspendedOutcome.ResumeOnOthers:
                return await ResumeOnAsync(_others).ConfigureAwait(false);
            case SuspendedOutcome.End:
                Suspended.EndAll();
                break;
            default:
                break;
        }

        return ([], 0);
    }

    /// <summary>Ends the suspended connections, and each connection that is suspended later.</summary>
    public void End() => Suspended.Dispose();

    private async Task<(IReadOnlyList<string> Targets, int Connections)> ResumeOnAsync(IReadOnlyList<ZcrxQueue> targets) =>
        ([.. targets.Select(static target => target.Name)], await Suspended.ContinueOnAsync(targets).ConfigureAwait(false));
}
