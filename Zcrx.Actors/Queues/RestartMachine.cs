using System.Globalization;
using Zcrx.Interop;

namespace Zcrx.Actors.Queues;

/// <summary>Decides whether and when a failed queue is opened again. The caller passes the time and a random number.</summary>
internal sealed class RestartMachine(ZcrxRestartOptions options)
{
    private readonly Queue<TimeSpan> _failures = new();
    private ZcrxRestartOptions _options = options;
    private bool _hasOpened;

    /// <summary>Sets the options for later decisions.</summary>
    public void Reconfigure(ZcrxRestartOptions changed) => _options = changed;

    /// <summary>Gets a value indicating whether the queue was ever open.</summary>
    public bool HasOpened => _hasOpened;

    /// <summary>Records that the queue is open.</summary>
    public void Opened() => _hasOpened = true;

    /// <summary>Forgets earlier failures. Called after a command to restart and before a fallback.</summary>
    public void Reset() => _failures.Clear();

    /// <summary>Decides what happens to a queue that has failed or could not be opened.</summary>
    /// <param name="cause">The failure.</param>
    /// <param name="now">The time of a monotonic clock.</param>
    /// <param name="chance">A random number from 0 to 1, which determines the jitter.</param>
    public RestartDecision Failed(Exception cause, TimeSpan now, double chance)
    {
        if (_options.IsPermanent(cause))
        {
            return GiveUp("a restart cannot fix this");
        }

        // A failed first opening is retried only if the queue is busy, because its last owner may still be closing it.
        if (!_hasOpened && cause is not ZcrxQueueBusyException)
        {
            return GiveUp("it could not be opened at the start");
        }

        while (_failures.TryPeek(out TimeSpan oldest) && now - oldest > _options.Within)
        {
            _failures.Dequeue();
        }

        _failures.Enqueue(now);
        int attempt = _failures.Count;
        return attempt > _options.MaxRestarts
            ? GiveUp(string.Create(CultureInfo.InvariantCulture, $"it failed {attempt} times within {_options.Within}"))
            : new RestartDecision(Delay(attempt, chance), attempt, "");
    }

    private TimeSpan Delay(int attempt, double chance)
    {
        double doubled = _options.MinBackoff.TotalSeconds * Math.Pow(2, attempt - 1);
        double capped = Math.Min(doubled, _options.MaxBackoff.TotalSeconds);
        return TimeSpan.FromSeconds(capped * (1 + (_options.RandomFactor * chance)));
    }

    private RestartDecision GiveUp(string reason) => new(null, _failures.Count, reason);
}

/// <summary>Represents the decision about a failed queue.</summary>
/// <param name="Delay">The delay before the queue is opened again; null to give up the queue.</param>
/// <param name="Attempt">The number of failures in the window, which is the number of the next attempt.</param>
/// <param name="Reason">The reason why the queue is given up, as a clause for messages; empty if it is not.</param>
internal readonly record struct RestartDecision(TimeSpan? Delay, int Attempt, string Reason);
