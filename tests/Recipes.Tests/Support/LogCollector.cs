using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Recipes.Tests.Support;

/// <summary>Records what a host logs.</summary>
internal sealed class LogCollector : ILoggerProvider
{
    private readonly ConcurrentQueue<(LogLevel Level, string Line)> _lines = new();

    public IReadOnlyList<string> Lines => [.. _lines.Select(static logged => logged.Line)];

    public IReadOnlyList<string> Problems => [.. _lines.Where(static logged => logged.Level >= LogLevel.Warning).Select(static logged => logged.Line)];

    public ILogger CreateLogger(string categoryName) => new Collector(_lines);

    public void Dispose()
    {
    }

    private sealed class Collector(ConcurrentQueue<(LogLevel Level, string Line)> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                lines.Enqueue((logLevel, $"{formatter(state, exception)}{(exception is null ? "" : $" {exception}")}"));
            }
        }
    }
}
