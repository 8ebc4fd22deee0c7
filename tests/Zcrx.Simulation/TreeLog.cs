using Microsoft.Extensions.Logging;

namespace Zcrx.Simulation;

/// <summary>
/// Receives the log of the actors, at the time of each event. Checks that a queue that has failed is opened only after its back-off.
/// </summary>
internal sealed class TreeLog(SimulatedWorld world) : ILogger
{
    // The times at which the back-off of failed queues ends.
    private readonly Dictionary<string, TimeSpan> _due = new(StringComparer.Ordinal);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        world.Log.AddEvent($"the actors log {eventId.Name}");
        switch (eventId.Name)
        {
            case "QueueRestarting":
                _due[Value<string>(state, "Queue")] = world.Clock.Elapsed + Value<TimeSpan>(state, "Delay");
                break;
            case "QueueRestartRequested":
                _due.Remove(Value<string>(state, "Queue"));
                break;
            case "QueueOpened":
                CheckOpened(Value<string>(state, "Queue"));
                break;
            default:
                break;
        }
    }

    /// <summary>Checks that the back-off of a queue has passed.</summary>
    private void CheckOpened(string queue)
    {
        if (_due.Remove(queue, out TimeSpan due) && world.Clock.Elapsed < due)
        {
            throw world.Fail($"{queue} is opened {(due - world.Clock.Elapsed).TotalMilliseconds} ms before the end of its back-off");
        }
    }

    private static T Value<T>(object? state, string name) =>
        (T)((IReadOnlyList<KeyValuePair<string, object?>>)state!).Single(value => value.Key == name).Value!;
}
