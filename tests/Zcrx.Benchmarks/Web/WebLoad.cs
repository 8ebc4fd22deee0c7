using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Zcrx.Benchmarks.Web;

/// <summary>Represents a load that a program without .NET creates.</summary>
/// <param name="Name">The name of the case.</param>
/// <param name="Unit">The unit that the rate and the CPU time refer to.</param>
/// <param name="Program">The name of the program: curl, wrk or h2load.</param>
/// <param name="Arguments">Returns the arguments of the program for a server.</param>
/// <param name="Count">Reads the number of completed units from the output of the program. Throws if one has failed.</param>
internal sealed partial record WebLoad(string Name, string Unit, string Program, Func<WebServerProcess, string[]> Arguments, Func<string, double> Count)
{
    /// <summary>Returns loads in which curl uploads a file. They check the hash that the server returns.</summary>
    public static IEnumerable<WebLoad> Uploads(UploadFile file)
    {
        double amount = file.Length / (double)(1L << 30);
        string[] Curl(string version, string server) => ["-sSfk", version, "-H", "Expect:", "-T", file.Path, $"{server}/hash"];
        double Verify(string output) => output.Trim() == file.Hash ? amount : throw new InvalidOperationException($"The server received other bytes: {output}");
        yield return new WebLoad("upload, HTTP/1.1", "GiB", "curl", server => Curl("--http1.1", server.Http1), Verify);
        yield return new WebLoad("upload, HTTP/2", "GiB", "curl", server => Curl("--http2-prior-knowledge", server.Http2), Verify);
        yield return new WebLoad("upload, TLS, HTTP/1.1", "GiB", "curl", server => Curl("--http1.1", server.Tls), Verify);
        yield return new WebLoad("upload, TLS, HTTP/2", "GiB", "curl", server => Curl("--http2", server.Tls), Verify);
    }

    /// <summary>Returns loads of small requests. Each runs for this number of seconds.</summary>
    public static IEnumerable<WebLoad> Requests(int seconds)
    {
        string duration = seconds.ToString(CultureInfo.InvariantCulture);
        string[] Wrk(string connections, string server) => ["-t", "1", "-c", connections, "-d", $"{duration}s", $"{server}/hello"];
        string[] H2load(string server) => ["-t", "1", "-c", "16", "-m", "8", "-D", duration, $"{server}/hello"];
        yield return new WebLoad("requests, 1 connection", "request", "wrk", server => Wrk("1", server.Http1), OfWrk);
        yield return new WebLoad("requests, 64 connections", "request", "wrk", server => Wrk("64", server.Http1), OfWrk);
        yield return new WebLoad("requests, TLS, 64", "request", "wrk", server => Wrk("64", server.Tls), OfWrk);
        yield return new WebLoad("requests, HTTP/2, 16 x 8", "request", "h2load", server => H2load(server.Http2), OfH2load);
    }

    /// <summary>Runs the program against a server, and returns the measurement.</summary>
    public async Task<WebSample> RunAsync(WebServerProcess server)
    {
        TimeSpan before = server.CpuTime;
        long start = Stopwatch.GetTimestamp();
        string[] arguments = Arguments(server);
        using Process process = Process.Start(new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        double elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{Program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output} {await errors}");
        }

        double count = Count(output);
        return new WebSample(count / elapsed, (server.CpuTime - before).TotalSeconds / count);
    }

    private static double OfWrk(string output) =>
        output.Contains("Socket errors", StringComparison.Ordinal) || output.Contains("Non-2xx", StringComparison.Ordinal)
            ? throw new InvalidOperationException($"wrk reports errors: {output}")
            : Number(WrkRequests().Match(output));

    private static double OfH2load(string output) =>
        output.Contains(" 0 failed, 0 errored, 0 timeout", StringComparison.Ordinal)
            ? Number(H2loadRequests().Match(output))
            : throw new InvalidOperationException($"h2load reports errors: {output}");

    private static double Number(Match match) => match.Success ? double.Parse(match.Groups["count"].Value, CultureInfo.InvariantCulture) : throw new InvalidOperationException("The program printed no number of requests.");

    [GeneratedRegex(@"(?<count>\d+) requests in", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex WrkRequests();

    [GeneratedRegex(@"(?<count>\d+) succeeded", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex H2loadRequests();
}
