using System.Diagnostics;
using System.Globalization;
using Zcrx.Chaos.Soak;
using Zcrx.Interop;

namespace Zcrx.Chaos.Kill;

/// <summary>Represents a process that echoes all bytes until it is killed.</summary>
internal static class Victim
{
    public const string Ready = "READY";

    public static async Task<int> RunAsync(ChaosOptions options, int port, CancellationToken cancellationToken)
    {
        // The host is deliberately not disposed: the process must end by the kill, without an orderly close.
        _ = await ChaosHost.StartAsync(options, static connection => connection.Buffers.Subscribe(new Echo(connection)), string.Create(CultureInfo.InvariantCulture, $"{options.Address}:{port}")).ConfigureAwait(false);
        await Console.Out.WriteLineAsync(Ready).ConfigureAwait(false);
        await Console.Out.FlushAsync(cancellationToken).ConfigureAwait(false);
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        return 0;
    }

    /// <summary>Starts such a process.</summary>
    public static Process Start(ChaosOptions options, int port)
    {
        string dll = typeof(Victim).Assembly.Location;
        List<string> arguments =
        [
            dll, "victim", "--port", port.ToString(CultureInfo.InvariantCulture), "--address", options.Address, "--engine", options.Engine.ToString(), "--queues", options.Queues.ToString(CultureInfo.InvariantCulture),
            "--queue", options.RxQueue.ToString(CultureInfo.InvariantCulture),
        ];
        if (options.Interface is { } networkInterface)
        {
            arguments.AddRange(["--interface", networkInterface]);
        }

        // Starts the program like the current process: either directly or with the command dotnet.
        string program = Environment.ProcessPath!;
        bool isCommand = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return Process.Start(new ProcessStartInfo(program, isCommand ? arguments : arguments.Skip(1)) { RedirectStandardOutput = true, UseShellExecute = false })!;
    }

    /// <summary>Waits until the process accepts connections.</summary>
    public static async Task WhenReadyAsync(Process victim)
    {
        string? line = await victim.StandardOutput.ReadLineAsync().ConfigureAwait(false);
        if (line != Ready)
        {
            throw new InvalidOperationException($"the process did not start: {line}");
        }
    }

    /// <summary>Sends each received byte back.</summary>
    private sealed class Echo(Rx.ZcrxConnection connection) : IObserver<ReceivedBuffer>
    {
        private Task _sent = Task.CompletedTask;

        public void OnNext(ReceivedBuffer value) => _sent = SendAsync(_sent, value.Span.ToArray());

        public void OnCompleted()
        {
            // Nothing is unsent here: the peer ends its side only after it has received all bytes.
        }

        public void OnError(Exception error)
        {
            // The peer notices the error as well.
        }

        private async Task SendAsync(Task before, byte[] bytes)
        {
            try
            {
                await before.ConfigureAwait(false);
                await connection.SendAsync(bytes).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is System.Net.Sockets.SocketException or ObjectDisposedException)
            {
                // The peer has disconnected.
            }
        }
    }
}
