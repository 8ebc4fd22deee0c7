using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Queues;

/// <summary>Runs an asynchronous handler of one connection, and closes the connection when the handler ends.</summary>
internal sealed class HandlerRun(ZcrxConnection connection, ConnectionControl control)
{
    /// <summary>Runs the handler on the thread pool. The returned task never faults.</summary>
    public Task RunAsync(Func<ZcrxConnection, CancellationToken, Task> handler)
    {
        // Work begins before the handler starts, because the connection could otherwise close in between.
        control.Work.Begin();
        return Task.Run(() => HandleAsync(handler));
    }

    private async Task HandleAsync(Func<ZcrxConnection, CancellationToken, Task> handler)
    {
        try
        {
            await handler(connection, control.ClosedToken).ConfigureAwait(false);
            Close();
        }
#pragma warning disable CA1031 // A handler of the application may throw any exception. It ends only the handler's connection.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (!control.FollowsFromEnd(exception))
            {
                control.FailConsumer(exception);
                control.ReportFault(exception);
            }
            else
            {
                Close();
            }
        }
        finally
        {
            control.Work.End();
        }
    }

    /// <summary>
    /// Closes the connection in order. While the queue is open, other unfinished work does not delay this, because the handler owns the
    /// connection.
    /// </summary>
    private void Close()
    {
        // If the queue is stopping, the connection stays open until its other work has ended. An orderly end now would confirm bytes that
        // this work has not handled. If the stream has ended, the ring thread closes the connection when no work is left.
        ConnectionReceiver receiver = connection.Receiver;
        bool isUsed = control.Work.IsAnyOther || control.IsHeld || receiver.BuffersLeased > 0;
        if (receiver.StopCause is null || !(receiver.HasEnded || isUsed))
        {
            control.RequestClose(abort: false, "its handler had ended");
        }
    }
}
