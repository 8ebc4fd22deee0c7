using System.Threading.Channels;

namespace Ingest.Serving;

/// <summary>Prints lines in the order in which they were added, without blocking the caller.</summary>
internal sealed class Journal : IAsyncDisposable
{
    private readonly Channel<(TextWriter Output, string Line)> _lines = Channel.CreateUnbounded<(TextWriter, string)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _printing;

    public Journal() => _printing = Task.Run(PrintAsync);

    /// <summary>Prints a line on standard output. Threading: any thread.</summary>
    public void Say(string line) => _lines.Writer.TryWrite((Console.Out, line));

    /// <summary>Prints a line on standard error. Threading: any thread.</summary>
    public void Complain(string line) => _lines.Writer.TryWrite((Console.Error, $"ingest: {line.ReplaceLineEndings(" ")}"));

    /// <summary>Returns a task that completes when all lines have been printed.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _printing;
    }

    private async Task PrintAsync()
    {
        await foreach ((TextWriter output, string line) in _lines.Reader.ReadAllAsync())
        {
            try
            {
                await output.WriteLineAsync(line);
            }
            catch (IOException)
            {
                // The reading end of the pipe is closed, as in `| head`. Receiving continues.
            }
        }
    }
}
