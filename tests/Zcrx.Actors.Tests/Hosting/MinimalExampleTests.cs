using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Ingest.Tests.Support;
using Zcrx.Actors.Tests.Support;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>Runs the example Minimal as a process, and compares its source with the program in docs/hosting.md.</summary>
public partial class MinimalExampleTests
{
    [Fact]
    public async Task The_example_receives_frames_asks_for_its_status_and_drains_on_SIGTERM()
    {
        using Process process = Start("--Zcrx:Engine=emulated", "--Zcrx:Listeners:0:EndPoint=127.0.0.1:0");
        try
        {
            string listening = await ReadUntilAsync(process, "Receiving with 1 queue(s); listening on");
            int port = int.Parse(Port().Match(listening).Groups["port"].Value, System.Globalization.CultureInfo.InvariantCulture);
            using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port)).WithinLimit();
            await client.SendAsync(Frames(first: 1, count: 100)).WithinLimit();
            await ReadUntilAsync(process, "Frame 100 has 100 bytes.");

            // These bytes have arrived before the signal, so the service must still deliver them.
            await client.SendAsync(Frames(first: 101, count: 400)).WithinLimit();
            Signals.Send(process.Id, Signals.Terminate);

            string rest = await process.StandardOutput.ReadToEndAsync().WithinLimit();
            Assert.Contains("Frame 500 has 500 bytes.", rest, StringComparison.Ordinal);
            // The host handles the signal, so the message of the host comes first. Zcrx then stops in order.
            Assert.Equal(
                ["Application is shutting down...", "Stopping; delivering", "Stopped."],
                new[] { "Stopped.", "Stopping; delivering", "Application is shutting down..." }.OrderBy(line => rest.IndexOf(line, StringComparison.Ordinal)));
            await process.WaitForExitAsync().WithinLimit();
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            process.Kill();
        }
    }

    [Theory]
    [InlineData("Program.cs")]
    [InlineData("FrameLogger.cs")]
    [InlineData("StatusReporter.cs")]
    public void The_code_in_hosting_md_is_the_code_of_the_example(string file)
    {
        string docs = Path.Combine(AppContext.BaseDirectory, "docs");
        string[] shown = [.. Fences().Matches(File.ReadAllText(Path.Combine(docs, "hosting.md"))).Select(static fence => fence.Groups["code"].Value.Trim())];
        string[] lines = File.ReadAllText(Path.Combine(docs, "Minimal", file)).Split('\n');
        string code = string.Join('\n', lines.SkipWhile(static line => line.StartsWith("using", StringComparison.Ordinal) || line.StartsWith("namespace", StringComparison.Ordinal) || line.Length == 0)).Trim();

        Assert.Contains(shown, sample => sample.Contains(code, StringComparison.Ordinal));
    }

    private static Process Start(params string[] arguments) => Process.Start(new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "Minimal.dll"), .. arguments])
    {
        RedirectStandardOutput = true,
        UseShellExecute = false,
    })!;

    /// <summary>Returns the next line that contains a text. A log line contains its message at the end.</summary>
    private static async Task<string> ReadUntilAsync(Process process, string text)
    {
        while (await process.StandardOutput.ReadLineAsync().WithinLimit() is { } line)
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The program ended before it wrote: {text}");
    }

    /// <summary>Returns frames of growing length, each with a length prefix of four bytes.</summary>
    private static byte[] Frames(int first, int count)
    {
        using MemoryStream stream = new();
        Span<byte> prefix = stackalloc byte[4];
        for (int length = first; length < first + count; length++)
        {
            BinaryPrimitives.WriteInt32BigEndian(prefix, length);
            stream.Write(prefix);
            stream.Write(new byte[length]);
        }

        return stream.ToArray();
    }

    [GeneratedRegex(":(?<port>[0-9]+)\\.$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Port();

    [GeneratedRegex("```csharp\\n(?<code>.*?)```", RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Fences();
}
