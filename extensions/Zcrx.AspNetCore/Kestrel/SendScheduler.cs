using System.Collections.Concurrent;
using System.IO.Pipelines;

namespace Zcrx.AspNetCore.Kestrel;

/// <summary>
/// Runs the sends of many connections one after another, in one work item of the thread pool. The work item ends when no send is left.
/// </summary>
internal sealed class SendScheduler : PipeScheduler, IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<(Action<object?> Action, object? State)> _sends = new();
    private int _isRunning;

    public override void Schedule(Action<object?> action, object? state)
    {
        _sends.Enqueue((action, state));
        if (Interlocked.CompareExchange(ref _isRunning, 1, 0) == 0)
        {
            System.Threading.ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        do
        {
            while (_sends.TryDequeue(out (Action<object?> Action, object? State) send))
            {
                send.Action(send.State);
            }

            // The exchange is a full fence. Either the check below sees a send that is added now, or the thread that adds the send sees
            // that no work item runs.
            Interlocked.Exchange(ref _isRunning, 0);
        }
        while (!_sends.IsEmpty && Interlocked.CompareExchange(ref _isRunning, 1, 0) == 0);
    }
}
