using Microsoft.Extensions.Logging;

namespace Ingest.Display;

/// <summary>Logs for a terminal: one line per message, without stack traces.</summary>
internal sealed class LineLoggerProvider(TextWriter output) : ILoggerProvider
{
    private volatile bool _enabled;

    /// <summary>
    /// Gets or sets a value indicating whether warnings are shown. It is false during start-up, when an exception reports a failure.
    /// </summary>
    public bool Enabled
    {
        get => _enabled;
        set => _enabled = value;
    }

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, output);

    public void Dispose()
    {
        // Does not dispose the writer, which the process owns.
    }
}
