using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Queues;

/// <summary>Calls observers of an abandoned queue on a few dedicated threads. Thread-safe.</summary>
/// <remarks>
/// An observer may block on a resource that the stuck callback holds. If the observers of a thousand connections blocked the thread pool,
/// the whole process would stop. If all dedicated threads are blocked, further calls wait until one is free.
/// </remarks>
/// <param name="name">The name of the queue.</param>
internal sealed class ObserverThreads(string name)
{
    private const int MaxThreads = 8;

    private readonly Lock _gate = new();
    private readonly Queue<(Action Call, TaskCompletionSource Done)> _waiting = new();
    private int _threads;

    /// <summary>Calls a delegate on one of the threads.</summary>
    /// <returns>A task that completes when the call has returned. It faults if the call throws.</returns>
    public Task RunAsync(Action call)
    {
        TaskCompletionSource done = new(Threads.ContinuationOptions);
        lock (_gate)
        {
            _waiting.Enqueue((call, done));
            if (_threads == MaxThreads)
            {
                return done.Task;
            }

            _threads++;
        }

        Threads.Start($"zcrx {name} end", this, static threads => ((ObserverThreads)threads).Serve());
        return done.Task;
    }

    private void Serve()
    {
        while (TryTake() is { } next)
        {
            try
            {
                next.Call();
                next.Done.SetResult();
            }
#pragma warning disable CA1031 // The returned task receives the exception. An exception that left this thread would end the process.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                next.Done.SetException(exception);
            }
        }
    }

    private (Action Call, TaskCompletionSource Done)? TryTake()
    {
        lock (_gate)
        {
            if (_waiting.TryDequeue(out (Action, TaskCompletionSource) next))
            {
                return next;
            }

            _threads--;
            return null;
        }
    }
}
