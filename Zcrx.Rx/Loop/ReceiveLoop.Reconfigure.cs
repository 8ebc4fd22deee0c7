using Zcrx.Rx.Queues;

namespace Zcrx.Rx.Loop;

/// <content>Options that change while the queue is open.</content>
internal sealed unsafe partial class ReceiveLoop
{
    /// <summary>What applies now. Any thread.</summary>
    public ZcrxQueueOptions Options => _options;

    /// <summary>Takes over what can change while the queue is open. Any thread; ends when it applies, or false when the queue was closed before.</summary>
    public Task<bool> ReconfigureAsync(ZcrxQueueOptions options) => InvokeAsync(
        () =>
        {
            Reconfigure(LiveOptions.Apply(_options, options));
            return true;
        },
        refused: false);

    private void Reconfigure(ZcrxQueueOptions options)
    {
        // More may be allowed than was when it failed.
        _cannotGrow &= options.MaxAreaSize <= _options.MaxAreaSize;
        _options = options;
        _pressure.SetMarks(options.HighWaterMark, options.LowWaterMark);
        long now = _time.GetTimestamp();
        long interval = ToTicks(options.NotificationInterval);
        _noBuffers.SetInterval(interval, now);
        _copies.SetInterval(interval, now);
        // Nothing has come back or gone out, and the level may be another one all the same.
        _lastKept = -1;
        WatchPool();
    }
}
