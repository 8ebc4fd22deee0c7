using Microsoft.Extensions.Logging;

namespace Ingest.Display;

/// <summary>Writes messages as lines. Exceptions are shown by their message: their types and traces are for debuggers.</summary>
internal sealed class LineLogger(LineLoggerProvider provider, TextWriter output) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => provider.Enabled && logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        string message = formatter(state, exception);
        string cause = exception is null || message.Contains(exception.Message, StringComparison.Ordinal) ? "" : $": {exception.Message}";
        output.WriteLine($"ingest: {message}{cause}".ReplaceLineEndings(" "));
    }
}
