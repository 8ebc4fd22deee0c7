using System.Diagnostics;
using System.Text.Json;

namespace Telemetry.Tests.Support;

/// <summary>Sends requests with curl, a client that is not part of Zcrx.</summary>
internal static class Curl
{
    public static bool Exists { get; } = IsInstalled("curl");

    /// <summary>Determines whether a program is in a directory of PATH.</summary>
    public static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => directory.Length > 0 && File.Exists(Path.Combine(directory, program)));

    /// <summary>Sends a request, and returns the status and the body of the response.</summary>
    public static async Task<(int Status, string Body)> RunAsync(string url, string method = "GET")
    {
        using Process process = Process.Start(new ProcessStartInfo("curl", ["--silent", "--show-error", "--request", method, "--write-out", "\n%{http_code}", url])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Deadline.Limit);
        await process.WaitForExitAsync().WaitAsync(Deadline.Limit);
        Assert.True(process.ExitCode == 0, $"curl {method} {url} ended with {process.ExitCode}: {await error}");
        int end = output.LastIndexOf('\n');
        return (int.Parse(output[(end + 1)..], System.Globalization.CultureInfo.InvariantCulture), output[..end]);
    }

    /// <summary>Sends a request, and parses the body of the response as JSON.</summary>
    public static async Task<(int Status, JsonElement Json)> JsonAsync(string url, string method = "GET")
    {
        (int status, string body) = await RunAsync(url, method);
        return (status, JsonSerializer.Deserialize<JsonElement>(body));
    }
}
