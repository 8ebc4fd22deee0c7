namespace Zcrx.Simulation;

/// <summary>Delays the asynchronous consumers of one connection until a decision continues them.</summary>
internal sealed class ConsumerDelays(SimulatedWorld world)
{
    private readonly List<TaskCompletionSource> _waiting = [];

    /// <summary>Waits for a decision.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource waiting = new();
        _waiting.Add(waiting);
        using CancellationTokenRegistration cancellation = cancellationToken.UnsafeRegister(
            (_, token) =>
            {
                _waiting.Remove(waiting);
                waiting.TrySetCanceled(token);
            },
            null);
        await waiting.Task.ConfigureAwait(false);
    }

    /// <summary>Continues a consumer on the thread pool.</summary>
    /// <param name="number">Selects the consumer.</param>
    /// <returns>False if no consumer waits.</returns>
    public bool TryContinue(int number)
    {
        if (_waiting.Count == 0)
        {
            return false;
        }

        TaskCompletionSource next = _waiting[number % _waiting.Count];
        _waiting.Remove(next);
        world.Threads.RunOnPool(() => next.TrySetResult());
        return true;
    }
}
