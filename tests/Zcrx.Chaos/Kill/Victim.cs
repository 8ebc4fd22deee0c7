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
        // The host is not disposed on purpose, because the process must end by being killed.
        _ = await ChaosHost.StartAsync(options, static connection => connection.Buffers.Subscribe(new Echo(connection)), string.Create(CultureInfo.InvariantCulture, $"{options.Address}:{port}")).ConfigureAwait(false);
        await Console.Out.WriteLineAsync(Ready).ConfigureAwait(false);
        await Console.Out.FlushAsync(cancellationToken).ConfigureAwait(false);
        await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        return 0;
    }

    /// <summary>Starts a process that runs this program.</summary>
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

        // The program is an executable, or an assembly that the command dotnet runs. The current process shows which.
        string program = Environment.ProcessPath!;
        bool isCommand = Path.GetFileNameWithoutExtension(program) == "dotnet";
        return Process.Start(new ProcessStartInfo(program, isCommand ? arguments : arguments.Skip(1)) { RedirectStandardOutput = true, UseShellExecute = false })!;
    }

    /// <summary>Waits until the process reports that it accepts connections.</summary>
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
            // All bytes are sent by now: the peer ends its stream only after it has received every reply.
        }

        public void OnError(Exception error)
        {
            // The peer detects the error as well, and reports it.
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
