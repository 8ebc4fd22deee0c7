namespace Zcrx.Actors.Queues;

/// <summary>Collects work that continues after its actor has ended, such as closing a queue. The end of the tree waits for it.</summary>
/// <param name="whole">Collects the same work together with that of other actors, or null if this object is the whole.</param>
/// <remarks>Threading: all members from any thread.</remarks>
internal sealed class OutstandingWork(OutstandingWork? whole = null)
{
    private readonly Lock _gate = new();
    private Task _work = Task.CompletedTask;

    /// <summary>Adds work. An exception of it is ignored: work reports its own failures.</summary>
    public void Add(Task work)
    {
        lock (_gate)
        {
            _work = AfterAsync(_work, work);
        }

        whole?.Add(work);
    }

    /// <summary>Returns a task that ends with all work that was added before. It does not fault.</summary>
    public Task WhenDone()
    {
        lock (_gate)
        {
            return _work;
        }
    }

    private static async Task AfterAsync(Task earlier, Task work)
    {
        await earlier.ConfigureAwait(false);
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
