using Microsoft.Extensions.Logging;

namespace Ingest.Display;

/// <summary>A log for people at a terminal: a line each, without stack traces.</summary>
internal sealed class LineLoggerProvider(TextWriter output) : ILoggerProvider
{
    private volatile bool _enabled;

    /// <summary>Off at first: whoever starts something is told by an exception what went wrong.</summary>
    public bool Enabled
    {
        get => _enabled;
        set => _enabled = value;
    }

    public ILogger CreateLogger(string categoryName) => new LineLogger(this, output);

    public void Dispose()
    {
        // The writer is the process's own.
    }
}
