using Zcrx.Interop.Kernel;

namespace Zcrx.Rx.Connections;

/// <summary>Lets one send at a time wait for room in the socket. Thread-safe.</summary>
internal sealed class SendRoom(ISendingConnection connection)
{
    private TaskCompletionSource<int>? _writable;
    private volatile bool _isClosed;

    /// <summary>Waits until the socket has room or is closed.</summary>
    /// <param name="schedule">Schedules the continuation after the wait; null for the thread pool.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async ValueTask WaitAsync(Action<Action>? schedule, CancellationToken cancellationToken)
    {
        // With a schedule, the continuation may run on the thread that reports the room, because it then only calls the schedule.
        TaskCompletionSource<int> writable = new(schedule is null ? Threads.ContinuationOptions : TaskCreationOptions.None);
        // A full fence. Either this thread sees that the socket is closed, or Close sees that a send waits.
        Interlocked.Exchange(ref _writable, writable);
        if (_isClosed)
        {
            Report(0);
        }
        else
        {
            connection.AwaitRoom();
        }

        await writable.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (schedule is not null)
        {
            await new ScheduledContinuation(schedule);
        }
    }

    /// <summary>Resumes the waiting send, because the socket has room or is closed.</summary>
    public void Report(int result) => Interlocked.Exchange(ref _writable, null)?.TrySetResult(result);

    /// <summary>Resumes the waiting send, because the socket is closed. Later sends do not wait. A full fence.</summary>
    public void Close()
    {
        _isClosed = true;
        Report(0);
    }
}
