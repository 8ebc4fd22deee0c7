using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Zcrx.Packages.Tests.Samples;

/// <summary>Represents a sample program that runs until the test stops it.</summary>
internal sealed partial class ServerProgram : IDisposable
{
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(3);

    private readonly Process _process;
    private readonly string _sample;
    private readonly int _port;
    private readonly ConcurrentQueue<string?> _output = new();

    public ServerProgram(Process process, string sample, int port)
    {
        _process = process;
        _sample = sample;
        _port = port;
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data);
        process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Sends a frame to the program and ends the stream. Waits until the program has closed the connection.</summary>
    /// <param name="printed">The text that the program prints for the frame. If it is given, the stream ends only after the program has
    /// printed it.</param>
    public async Task AcceptsFrameAsync(string? printed = null)
    {
        // These bytes are both a frame with a length prefix and a line, so every sample can read them.
        byte[] frame = new byte[4 + 16];
        BinaryPrimitives.WriteInt32BigEndian(frame, 16);
        frame[^1] = (byte)'\n';
        using Socket client = printed is null ? await SendAsync(frame) : await SendUntilPrintedAsync(frame, printed);
        client.Shutdown(SocketShutdown.Send);
        byte[] answer = new byte[256];
        while (await client.ReceiveAsync(answer).Within($"{_sample} closes the connection") > 0)
        {
            // The replies of the program are not checked.
        }

        Assert.False(_process.HasExited, Report("ended"));
    }

    private async Task<Socket> SendAsync(byte[] frame)
    {
        Socket client = await ConnectAsync();
        await client.SendAsync(frame);
        return client;
    }

    // Akka.IO can lose bytes that arrive before its handler is registered. The frame is then sent again over another connection.
    private async Task<Socket> SendUntilPrintedAsync(byte[] frame, string printed)
    {
        Socket? client = null;
        long sent = 0;
        await Deadline.UntilAsync(
            async () =>
            {
                if (client is null || Stopwatch.GetElapsedTime(sent) > Retry)
                {
                    client?.Dispose();
                    client = await SendAsync(frame);
                    sent = Stopwatch.GetTimestamp();
                }

                return HasPrinted(printed);
            },
            () => Report($"has not printed '{printed}'"));
        return client!;
    }

    private bool HasPrinted(string text) => _output.Any(line => line?.Contains(text, StringComparison.Ordinal) == true);

    /// <summary>Waits until the program accepts connections.</summary>
    public async Task ListensAsync() => (await ConnectAsync()).Dispose();

    /// <summary>Waits until the program has printed a line that contains a text.</summary>
    public Task PrintsAsync(string text) =>
        Deadline.UntilAsync(() => HasPrinted(text), () => Report($"has not printed '{text}'"));

    /// <summary>Waits until the program has printed a text, and returns the rest of its line.</summary>
    public async Task<string> PrintsAfterAsync(string text)
    {
        await PrintsAsync(text);
        string line = _output.First(line => line?.Contains(text, StringComparison.Ordinal) == true)!;
        return line[(line.IndexOf(text, StringComparison.Ordinal) + text.Length)..];
    }

    /// <summary>
    /// Waits until the program has printed the lines that a document shows. Numbers of several digits may differ, unless they are ids in
    /// brackets.
    /// </summary>
    /// <param name="text">The expected lines, in which <c>…</c> stands for any text.</param>
    public async Task PrintsLikeAsync(string text)
    {
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string pattern = Number().Replace(Regex.Escape(line.Trim()), @"\d[\d:.]*").Replace("…", ".*", StringComparison.Ordinal);
            await Deadline.UntilAsync(() => _output.Any(printed => printed is not null && Regex.IsMatch(printed, pattern, RegexOptions.None, TimeSpan.FromSeconds(10))), () => Report($"has not printed '{line}'"));
        }
    }

    /// <summary>Sends an empty line to the standard input of the program.</summary>
    public Task WriteLineAsync() => _process.StandardInput.WriteLineAsync();

    /// <summary>Sends an HTTP request, and waits for a successful response.</summary>
    public async Task AnswersAsync()
    {
        await ListensAsync();
        using HttpClient client = new();
        using HttpResponseMessage response = await client.GetAsync(new Uri($"http://127.0.0.1:{_port}/")).Within($"{_sample} answers");
        Assert.True(response.IsSuccessStatusCode, Report($"answered {response.StatusCode}"));
    }

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        // The next program uses the same port, so this one must have ended.
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>Connects to the program as soon as it listens.</summary>
    public async Task<Socket> ConnectAsync()
    {
        Socket? connected = null;
        await Deadline.UntilAsync(
            async () =>
            {
                Assert.False(_process.HasExited, Report("ended"));
                Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _port));
                    connected = client;
                }
                catch (SocketException)
                {
                    client.Dispose();
                }

                return connected is not null;
            },
            () => Report("does not listen"));
        return connected!;
    }

    [GeneratedRegex(@"(?<![\[\d])\d(\d|:|\\\.(?=\d))+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Number();

    private string Report(string what) => $"{_sample} {what}: {string.Join('\n', _output)}";
}
