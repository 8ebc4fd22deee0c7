using Microsoft.Extensions.Logging;

namespace Zcrx.Actors.Tests.Support;

/// <summary>Throws when an event with a given id is logged, like a broken log provider of an application.</summary>
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
