using Microsoft.Extensions.Logging;
using Zcrx.Interop;

namespace Zcrx.Actors.Supervision;

/// <summary>What the actors share, and what outlives each of them.</summary>
internal sealed class ZcrxRuntime
{
    private readonly TaskCompletionSource<ZcrxStatus> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <exception cref="ZcrxConfigurationException">The options are invalid.</exception>
    public ZcrxRuntime(ZcrxOptions options, QueueDirectory directory, ILogger logger, TimeProvider time)
    {
        IReadOnlyList<ZcrxConfigurationError> errors = options.Validate();
        if (errors.Count > 0)
        {
            throw new ZcrxConfigurationException(errors);
        }

        Options = options;
        Directory = directory;
        Logger = logger;
        Time = time;
        Queues = [.. options.EffectiveQueues().Select(static queue => new QueueSlot(queue))];
        Listeners = [.. options.Listeners.Select(static listener => new ListenerSlot(listener))];
    }

    public ZcrxOptions Options { get; }

    public QueueDirectory Directory { get; }

    public ILogger Logger { get; }

    public TimeProvider Time { get; }

    public IReadOnlyList<QueueSlot> Queues { get; }

    public IReadOnlyList<ListenerSlot> Listeners { get; }

    /// <summary>Set before the supervisor is created: nothing is accepted before <see cref="ZcrxSupervisor.BeginAccepting"/>, since another process still does.</summary>
    public bool AcceptsLater { get; set; }

    /// <summary>Ends with the last status once the supervisor has ended and everything is closed, however that came about.</summary>
    public Task<ZcrxStatus> Ended => _ended.Task;

    /// <summary>The supervisor has ended.</summary>
    public void OnEnded(ZcrxStatus last)
    {
        Directory.Complete();
        _ = Task.WhenAll(Queues.Select(static queue => queue.Closed)).ContinueWith(_ => _ended.TrySetResult(last), TaskScheduler.Default);
    }
}
