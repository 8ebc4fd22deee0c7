using Zcrx.Rx.Receiving;

namespace Zcrx.Rx.Queues;

/// <summary>Runs an asynchronous handler of one connection, and closes the connection when the handler ends.</summary>
internal sealed class HandlerRun(ZcrxConnection connection, ConnectionControl control)
{
    /// <summary>Runs the handler. The task never faults.</summary>
    public Task RunAsync(Func<ZcrxConnection, CancellationToken, Task> handler)
    {
        // Work begins now and not when the handler starts, because the connection may end in between.
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
#pragma warning disable CA1031 // The application's handler may throw any exception. Only its connection ends.
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

    /// <summary>Closes the connection without a reset, even if other work has not ended, because the handler owns the connection.</summary>
    private void Close()
    {
        // While the queue stops, the connection closes once its other work has ended. An orderly end now would confirm bytes that the
        // work has not handled.
        if (connection.Receiver.StopCause is null)
        {
            control.RequestClose(abort: false, "its handler had ended");
        }
    }
}
