using Zcrx.Rx;

namespace Zcrx.Actors.Queues;

/// <summary>Holds the connections of one queue while it is closed, until it or other queues resume them at the same stream offset. Belongs to the <see cref="QueueSupervisor"/>.</summary>
internal sealed class SuspendedConnections
{
    private IReadOnlyList<ZcrxQueue> _others = [];
    private bool _isHope = true;

    /// <summary>Gets where a queue leaves its connections when it is closed.</summary>
    public ZcrxSuspendedConnections Suspended { get; } = new();

    /// <summary>Sets the state of the other queues.</summary>
    /// <param name="open">Those that are open.</param>
    /// <param name="isHope">Whether one of them is being opened, or will be.</param>
    public void SetOthers(IReadOnlyList<ZcrxQueue> open, bool isHope) => (_others, _isHope) = (open, isHope);

    /// <summary>Resumes or ends the connections, as the states of their queue and of the others require.</summary>
    /// <returns>The names of the queues that resume them, and how many they have resumed.</returns>
    public async Task<(IReadOnlyList<string> Targets, int Connections)> RelocateAsync(QueueSnapshot queue, ZcrxRestartOptions restart)
    {
        switch (RelocationRule.Decide(queue.State, queue.RestartDelay, restart.RelocateAfter, restart.WhenGivenUp, _others.Count > 0, _isHope))
        {
            case SuspendedOutcome.ResumeOnOwn when queue.Ready is { } home:
                return await ContinueOnAsync([home]).ConfigureAwait(false);
            case SuspendedOutcome.ResumeOnOthers:
                return await ContinueOnAsync(_others).ConfigureAwait(false);
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

    private async Task<(IReadOnlyList<string> Targets, int Connections)> ContinueOnAsync(IReadOnlyList<ZcrxQueue> targets) =>
        ([.. targets.Select(static target => target.Name)], await Suspended.ContinueOnAsync(targets).ConfigureAwait(false));
}
