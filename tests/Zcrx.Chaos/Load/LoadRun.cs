using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zcrx.Chaos.Kill;
using Zcrx.Chaos.Soak;

namespace Zcrx.Chaos.Load;

/// <summary>
/// Measures the descriptors, the memory and the CPU time that many peers cost an echo process. Checks that no descriptor is left
/// afterwards.
/// </summary>
internal sealed class LoadRun(ChaosOptions options, int idle, int connects, int slow)
{
    private const int AtOnce = 100;
    private const int SlowRounds = 10;

    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private readonly List<string> _rows = [];
    private IPEndPoint _endPoint = new(IPAddress.Loopback, 0);

    public async Task<int> RunAsync()
    {
        int port = KillRun.FreePort();
        _endPoint = new IPEndPoint(IPAddress.Parse(options.Address), port);
        using Process server = Victim.Start(options, port);
        try
        {
            await Victim.WhenReadyAsync(server).WaitAsync(options.Patience).ConfigureAwait(false);
            // Makes a small run first, so that the code is compiled before the measurement.
            await ConnectManyAsync(server, AtOnce, abort: false).ConfigureAwait(false);
            await MeasureAsync(server, $"{idle:n0} idle connections", () => HoldAsync(server, idle)).ConfigureAwait(false);
            await MeasureAsync(server, $"{connects:n0} connections, one byte each", () => ConnectManyAsync(server, connects, abort: false)).ConfigureAwait(false);
            await MeasureAsync(server, $"{connects / 10:n0} connections that are reset", () => ConnectManyAsync(server, connects / 10, abort: true)).ConfigureAwait(false);
            await MeasureAsync(server, $"{slow:n0} peers, one byte a second, {SlowRounds} s", () => TrickleAsync(server, slow)).ConfigureAwait(false);
            await MeasureAsync(server, $"a peer that reads nothing for {Silence.TotalSeconds:0} s", () => PauseAsync(server)).ConfigureAwait(false);
            await MeasureAsync(server, $"a server that is stopped for {Silence.TotalSeconds:0} s; {slow:n0} peers send, as many connect", () => SuspendAsync(server, slow)).ConfigureAwait(false);
        }
        finally
        {
            server.Kill();
        }

        await Console.Out.WriteLineAsync("| load | time s | CPU s | descriptors at the peak | resident MiB: before, peak, after |\n|---|---|---|---|---|").ConfigureAwait(false);
        await Console.Out.WriteLineAsync(string.Join('\n', _rows)).ConfigureAwait(false);
        await Console.Out.WriteLineAsync($"PASS load, engine {options.Engine}\n1 passed, 0 failed, 0 skipped").ConfigureAwait(false);
        return 0;
    }

    /// <summary>
    /// Runs a step, waits until the server has closed the step's descriptors, and adds a row with the measurements.
    /// </summary>
    private async Task MeasureAsync(Process server, string name, Func<Task<ServerUse>> step)
    {
        ServerUse before = ServerUse.Of(server);
        long start = Stopwatch.GetTimestamp();
        ServerUse peak = await step().ConfigureAwait(false);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        await UntilAsync(() => ServerUse.Of(server).Descriptors <= before.Descriptors + 2, "the descriptors are back").ConfigureAwait(false);
        ServerUse after = ServerUse.Of(server);
        _rows.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {elapsed.TotalSeconds:f1} | {(after.Processor - before.Processor).TotalSeconds:f1} | {before.Descriptors} + {peak.Descriptors - before.Descriptors} | {before.Resident >> 20}, {peak.Resident >> 20}, {after.Resident >> 20} |"));
    }

    private async Task<ServerUse> HoldAsync(Process server, int count)
    {
        List<Socket> sockets = [];
        try
        {
            await ConnectToAsync(sockets, count).ConfigureAwait(false);
            return ServerUse.Of(server);
        }
        finally
        {
            sockets.ForEach(static socket => socket.Dispose());
        }
    }

    private async Task<ServerUse> ConnectManyAsync(Process server, int count, bool abort)
    {
        for (int i = 0; i < count; i += AtOnce)
        {
            await Task.WhenAll(Enumerable.Range(0, int.Min(AtOnce, count - i)).Select(async _ =>
            {
                using Socket socket = await ConnectAsync().ConfigureAwait(false);
                if (abort)
                {
                    socket.LingerState = new LingerOption(true, 0);
                }
            })).ConfigureAwait(false);
        }

        return ServerUse.Of(server);
    }

    private async Task<ServerUse> TrickleAsync(Process server, int count)
    {
        List<Socket> sockets = [];
        try
        {
            await ConnectToAsync(sockets, count).ConfigureAwait(false);
            using PeriodicTimer second = new(TimeSpan.FromSeconds(1));
            for (int i = 0; i < SlowRounds; i++)
            {
                await Task.WhenAll(sockets.Select(EchoAsync)).ConfigureAwait(false);
                await second.WaitForNextTickAsync().ConfigureAwait(false);
            }

            return ServerUse.Of(server);
        }
        finally
        {
            sockets.ForEach(static socket => socket.Dispose());
        }
    }

    /// <summary>Lets one peer send without reading its replies, while other peers are served. Then lets it read all of them.</summary>
    private async Task<ServerUse> PauseAsync(Process server)
    {
        const int Volume = 4 << 20;
        using Socket silent = await ConnectAsync().ConfigureAwait(false);
        Task<int> sending = silent.SendAsync(new byte[Volume]);
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < Silence)
        {
            using Socket other = await ConnectAsync().ConfigureAwait(false);
            await Task.Delay(100).ConfigureAwait(false);
        }

        ServerUse peak = ServerUse.Of(server);
        byte[] buffer = new byte[1 << 16];
        for (int received = 0; received < Volume;)
        {
            received += await silent.ReceiveAsync(buffer).WaitAsync(options.Patience).ConfigureAwait(false);
        }

        await sending.WaitAsync(options.Patience).ConfigureAwait(false);
        return peak;
    }

    /// <summary>
    /// Stops the process for a while. Connected peers send and new peers connect. All of them must be served when it continues.
    /// </summary>
    private async Task<ServerUse> SuspendAsync(Process server, int count)
    {
        List<Socket> sockets = [];
        try
        {
            await ConnectToAsync(sockets, count).ConfigureAwait(false);
            await SignalAsync(server, "STOP").ConfigureAwait(false);
            Task[] connected = [.. sockets.Select(EchoAsync)];
            Task<Socket>[] connecting = [.. Enumerable.Range(0, count).Select(_ => ConnectAsync())];
            await Task.Delay(Silence).ConfigureAwait(false);
            bool isServed = Array.Exists(connected, static echo => echo.IsCompleted) || Array.Exists(connecting, static echo => echo.IsCompleted);
            await SignalAsync(server, "CONT").ConfigureAwait(false);
            if (isServed)
            {
                throw new InvalidOperationException("the process was not stopped");
            }

            await Task.WhenAll(connected).ConfigureAwait(false);
            sockets.AddRange(await Task.WhenAll(connecting).ConfigureAwait(false));
            return ServerUse.Of(server);
        }
        finally
        {
            sockets.ForEach(static socket => socket.Dispose());
        }
    }

    private static async Task SignalAsync(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync().ConfigureAwait(false);
    }

    /// <summary>Connects a number of peers, several at the same time, and adds their sockets to a list.</summary>
    private async Task ConnectToAsync(List<Socket> sockets, int count)
    {
        for (int i = 0; i < count; i += AtOnce)
        {
            sockets.AddRange(await Task.WhenAll(Enumerable.Range(0, int.Min(AtOnce, count - i)).Select(_ => ConnectAsync())).ConfigureAwait(false));
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_endPoint).WaitAsync(options.Patience).ConfigureAwait(false);
        await EchoAsync(socket).ConfigureAwait(false);
        return socket;
    }

    private async Task EchoAsync(Socket socket)
    {
        byte[] one = new byte[1];
        await socket.SendAsync(one).WaitAsync(options.Patience).ConfigureAwait(false);
        if (await socket.ReceiveAsync(one).WaitAsync(options.Patience).ConfigureAwait(false) != 1)
        {
            throw new InvalidOperationException("a connection was closed before its byte came back");
        }
    }

    private async Task UntilAsync(Func<bool> condition, string expectation)
    {
        using PeriodicTimer interval = new(TimeSpan.FromMilliseconds(50));
        for (long start = Stopwatch.GetTimestamp(); !condition(); await interval.WaitForNextTickAsync().ConfigureAwait(false))
        {
            if (Stopwatch.GetElapsedTime(start) > options.Patience)
            {
                throw new TimeoutException($"not within {options.Patience.TotalSeconds:0} s: {expectation}");
            }
        }
    }
}
