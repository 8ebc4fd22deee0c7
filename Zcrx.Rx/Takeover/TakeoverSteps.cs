using System.Net.Sockets;
using Zcrx.Interop;

namespace Zcrx.Rx.Takeover;

/// <summary>Runs the steps of the takeover protocol with a timeout for each step.</summary>
internal sealed class TakeoverSteps(ZcrxTakeoverOptions options)
{
    /// <summary>Gets the description of the operation, for error messages.</summary>
    public string Operation => $"Taking over at {options.Path}";

    /// <summary>Runs one step with the configured timeout. Reports a failure as a <see cref="ZcrxException"/>.</summary>
    public async Task RunAsync(string what, Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.Timeout);
        try
        {
            await step(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ZcrxException(Operation, 0, $"{what} took longer than {options.Timeout}", "Check that process; while it starts or ends, it offers no takeover", exception);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or SocketException)
        {
            throw new ZcrxException(Operation, 0, $"{what} failed: {exception.Message.TrimEnd('.')}", "Start one process of the service at this path at a time, of compatible versions", exception);
        }
    }
}
