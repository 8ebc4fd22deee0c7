using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>
/// Resumes the suspended connections of one queue, on that queue or on others, or ends them. Owned by the <see cref="QueueSupervisor"/>.
/// </summary>
internal sealed class Relocation
{
    private IReadOnlyList<ZcrxQueue> _others = [];
    private bool _othersMayOpen = true;

    /// <summary>Gets the connections that are suspended while the queue is closed.</summary>
    public ZcrxSuspendedConnections Suspended { get; } = new();

    /// <summary>Sets the state of the other queues.</summary>
    /// <param name="open">The queues that are open.</param>
    /// <param name="mayOpen">Whether another queue is being opened, or will be.</param>
    public void SetOthers(IReadOnlyList<ZcrxQueue> open, bool mayOpen) => (_others, _othersMayOpen) = (open, mayOpen);

    /// <summary>Resumes or ends the connections, as the states of their queue and of the others require. Decides on the caller's thread.</summary>
    /// <returns>The names of the queues that resume connections, and the number of connections that have resumed.</returns>
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

    /// <summary>Ends the connections, and those that are suspended later.</summary>
    public void End() => Suspended.Dispose();

    private async Task<(IReadOnlyList<string> Targets, int Connections)> ResumeOnAsync(IReadOnlyList<ZcrxQueue> targets) =>
        ([.. targets.Select(static target => target.Name)], await Suspended.ContinueOnAsync(targets).ConfigureAwait(false));
}
