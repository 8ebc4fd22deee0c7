namespace Ingest.Tests.Support;

/// <summary>Contains the lines that a process has written so far.</summary>
internal sealed class ProcessOutput
{
    private readonly List<string> _lines = [];

    public ProcessOutput(StreamReader reader) => Completion = ReadAsync(reader);

    /// <summary>Gets a task that completes when the process has closed the stream.</summary>
    public Task Completion { get; }

    public string[] Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lines)
            {
                _lines.Add(line);
            }
        }
    }
}
