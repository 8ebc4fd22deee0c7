using Microsoft.Extensions.Logging;

namespace Ingest.Display;

/// <summary>
/// Writes warnings, errors and takeovers as lines. Shows the message of an exception, without its type and stack trace.
/// </summary>
internal sealed class LineLogger(LineLoggerProvider provider, TextWriter output) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsShown(logLevel, eventId))
        {
            return;
        }

        string message = formatter(state, exception);
        string cause = exception is null || message.Contains(exception.Message, StringComparison.Ordinal) ? "" : $": {exception.Message}";
        output.WriteLine($"ingest: {message}{cause}".ReplaceLineEndings(" "));
    }

    /// <summary>Determines whether the message is shown. Takeover messages (17xx) are always shown, even during start-up.</summary>
    private bool IsShown(LogLevel logLevel, EventId eventId) =>
        logLevel >= LogLevel.Warning ? provider.Enabled : logLevel == LogLevel.Information && eventId.Id is >= 1700 and < 1800;
}
