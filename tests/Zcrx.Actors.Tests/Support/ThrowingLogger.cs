using Microsoft.Extensions.Logging;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Throws when one event is logged, as a broken provider of the application would.</summary>
internal sealed class ThrowingLogger(int thrownAt) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == thrownAt)
        {
            throw new CrashException();
        }
    }

    public void Dispose()
    {
    }
}
