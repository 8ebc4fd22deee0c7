using System.Globalization;
using System.Net;

namespace ClusterIngest;

/// <summary>Starts a second edge while the frames are sent. The second edge takes over the port of the first one.</summary>
/// <param name="total">The number of frames of the demo.</param>
/// <param name="first">The edge that was started first.</param>
/// <param name="start">Starts the second edge.</param>
/// <param name="view">Shows messages to the user.</param>
internal sealed class DemoTakeover(long total, NodeProcess first, Func<NodeProcess> start, IDemoView view)
{
    // The file name of the takeover's socket. It lies in the directory of the journals.
    private const string Socket = "takeover";

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private NodeProcess? _second;
    private Task<string>? _port;

    /// <summary>Gets a task that completes when the second edge has bound the port of the first one.</summary>
    public Task Done => _done.Task;

    /// <summary>Returns the path of the socket by which the second edge requests the takeover.</summary>
    /// <param name="directory">The directory of the demo.</param>
    public static string PathIn(string directory) => Path.Combine(directory, Socket);

    /// <summary>
    /// Starts the second edge after a quarter of the frames, and notices when it has the port. Called regularly with the progress of the
    /// demo.
    /// </summary>
    /// <param name="taken">The number of frames that entities have taken.</param>
    public async Task OnProgressAsync(long taken)
    {
        if (Done.IsCompleted)
        {
            return;
        }

        if (_second is null)
        {
            if (first.HasEnded)
            {
                _done.SetException(new InvalidOperationException($"{first.Name} ended before the takeover."));
            }
            else if (taken >= total / 4)
            {
                _second = start();
                _port = _second.Port.WaitAsync(DemoRun.StartTimeout);
                view.Say($"{_second.Name} (process {_second.Id}) starts, and {first.Name} still serves {first.Connections} connections");
            }
        }
        else if (_port!.IsCompleted)
        {
            await CompleteAsync(_second, _port);
        }
    }

    /// <summary>Waits until the first edge has ended, and reports how the connections were distributed.</summary>
    /// <returns>The reason why the takeover failed; null if it succeeded.</returns>
    public async Task<string?> EndAsync()
    {
        if (!Done.IsCompletedSuccessfully || _second is null)
        {
            return "No takeover took place.";
        }

        int? code = await first.WaitForExitAsync();
        view.Say($"Takeover: {first.Name} served {first.Connections} connections and ended by itself with {code?.ToString(CultureInfo.InvariantCulture) ?? "a timeout"}, {_second.Name} served {_second.Connections}");
        return code == 0 ? null : $"{first.Name} did not end by itself after the takeover.";
    }

    private async Task CompleteAsync(NodeProcess second, Task<string> port)
    {
        try
        {
            (IPEndPoint before, IPEndPoint now) = (IPEndPoint.Parse(await first.Port), IPEndPoint.Parse(await port));
            if (!before.Equals(now))
            {
                throw new InvalidOperationException($"{second.Name} has bound {now} instead of taking over {before}.");
            }

            view.Say($"{second.Name} has taken over {now}");
            _done.SetResult();
        }
        catch (Exception exception) when (exception is InvalidOperationException or TimeoutException)
        {
            _done.SetException(exception);
        }
    }
}
