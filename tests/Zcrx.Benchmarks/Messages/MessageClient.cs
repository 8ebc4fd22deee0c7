using System.Diagnostics;
using System.Globalization;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Runs the client in a process of its own. The client is a C program (<c>Limits/messages_client.c</c>).</summary>
internal sealed class MessageClient : IDisposable
{
    private readonly Process _process;

    private MessageClient(Process process) => _process = process;

    /// <summary>Starts a client, which opens all connections of a scenario and exchanges one message on each.</summary>
    /// <param name="port">The port on which the server listens.</param>
    /// <param name="process">The id of the server's process. The client reads its CPU time.</param>
    /// <param name="scenario">The load that the client creates.</param>
    /// <param name="options">The lengths of the warm-up and of the measurement, among others.</param>
    /// <param name="cancellation">Ends the client early.</param>
    public static async Task<MessageClient> ConnectAsync(int port, int process, MessageScenario scenario, MessageOptions options, CancellationToken cancellation)
    {
        string program = Limit.PathOf("messages_client");
        Limit.Require(program);
        string[] arguments =
        [
            Text(port), Text(process), Text(scenario.Connections), Text(scenario.Busy),
            Text((int)options.WarmUp.TotalMilliseconds), Text(options.WarmUpMessages), Text((int)options.Duration.TotalMilliseconds), Text(scenario.Rate),
        ];
        MessageClient client = new(Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })!);
        try
        {
            _ = await client.ReadAsync(cancellation);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Starts the load, and returns the measurement when it is over. Only the busy connections of the scenario carry messages.
    /// </summary>
    public async Task<MessageSample> MeasureAsync(CancellationToken cancellation)
    {
        await _process.StandardInput.WriteLineAsync();
        return MessageSample.Parse(await ReadAsync(cancellation));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<string> ReadAsync(CancellationToken cancellation) =>
        await _process.StandardOutput.ReadLineAsync(cancellation) ?? throw new InvalidOperationException("The client of small messages has failed. Its messages are above.");
}
