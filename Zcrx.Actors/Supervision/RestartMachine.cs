using System.Globalization;
using Zcrx.Interop;

namespace Zcrx.Actors.Supervision;

/// <summary>Decides about a queue that failed: again, and when, or never. Pure: time and chance come in as numbers.</summary>
internal sealed class RestartMachine(ZcrxRestartOptions options)
{
    private readonly Queue<TimeSpan> _failures = new();
    private ZcrxRestartOptions _options = options;
    private bool _hasOpened;

    /// <summary>Decides by other options from now on.</summary>
    public void Reconfigure(ZcrxRestartOptions changed) => _options = changed;

    /// <summary>Whether the queue was ever open.</summary>
    public bool HasOpened => _hasOpened;

    /// <summary>The queue is open.</summary>
    public void Opened() => _hasOpened = true;

    /// <summary>Somebody has looked after it: start counting anew.</summary>
    public void Reset() => _failures.Clear();

    /// <summary>The queue has failed, or could not be opened.</summary>
    /// <param name="cause">Why.</param>
    /// <param name="now">A time that never goes back.</param>
    /// <param name="chance">A random number from 0 to 1.</param>
    public RestartDecision Failed(Exception cause, TimeSpan now, double chance)
    {
        if (_options.IsPermanent(cause))
        {
            return GiveUp("no attempt would cure this");
        }

        // At the very start an error is better seen than repeated; only the queue's last owner may still be on its way out.
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
