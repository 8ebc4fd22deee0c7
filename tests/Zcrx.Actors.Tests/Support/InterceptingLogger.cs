using Microsoft.Extensions.Logging;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Calls code of a test with the id and the text of each event, on the thread that logs.</summary>
internal sealed class InterceptingLogger(Action<int, string> onLogged) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        onLogged(eventId.Id, formatter(state, exception));

    public void Dispose()
    {
    }
}
