using Zcrx.Rx.Ring;

namespace Zcrx.Actors.Queues;

/// <summary>
/// Collects work that continues after the end of its actor, such as closing a queue. The end of the actor tree waits for this work.
/// </summary>
/// <param name="whole">
/// Collects the work of all actors. Work that is added to this object is also added there. Null if this object itself collects the work of
/// all actors.
/// </param>
/// <remarks>Threading: all members are callable on any thread.</remarks>
internal sealed class OutstandingWork(OutstandingWork? whole = null)
{
    private readonly Lock _gate = new();
    private Task _work = Task.CompletedTask;

    /// <summary>Adds work. Exceptions of the work are ignored, because the work itself reports its failures.</summary>
    public void Add(Task work)
    {
        lock (_gate)
        {
            _work = AfterAsync(_work, PoolWork.Separate(work));
        }

        whole?.Add(work);
    }

    /// <summary>Returns a task that ends when all work that was added before this call has ended. The task never faults.</summary>
    public Task WhenDone()
    {
        lock (_gate)
        {
            return PoolWork.Separate(_work);
        }
    }

    private static async Task AfterAsync(Task earlier, Task work)
    {
        await earlier.ConfigureAwait(false);
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
