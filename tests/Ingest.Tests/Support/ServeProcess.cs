using System.Net;
using System.Text.RegularExpressions;

namespace Ingest.Tests.Support;

/// <summary>Runs the command <c>serve</c> on a free port, with a directory of its own.</summary>
internal sealed partial class ServeProcess : IDisposable
{
    private readonly TempDirectory _directory;

    private ServeProcess(TempDirectory directory, IngestProcess process, IPEndPoint endPoint)
    {
        _directory = directory;
        Process = process;
        EndPoint = endPoint;
    }

    public IngestProcess Process { get; }

    public IPEndPoint EndPoint { get; }

    public string Directory => _directory["out"];

    /// <summary>Gets the names of the files whose streams have ended.</summary>
    public string[] Complete => System.IO.Directory.GetFiles(Directory, "*.bin");

    /// <summary>Gets the names of the files whose streams are still open.</summary>
    public string[] Parts => System.IO.Directory.GetFiles(Directory, "*.part");

    public static Task<ServeProcess> StartAsync(params string[] arguments) => StartAsync(IngestProcess.Start, arguments);

    public static Task<ServeProcess> StartOnAsync(string listen) => StartAsync(IngestProcess.Start, [], listen);

    /// <param name="start">Starts the program with some arguments.</param>
    /// <param name="arguments">The arguments besides those that every test needs.</param>
    /// <param name="listen">The endpoint on which the program listens.</param>
    public static async Task<ServeProcess> StartAsync(Func<string[], IngestProcess> start, string[] arguments, string listen = "127.0.0.1:0")
    {
        TempDirectory directory = new();
        IngestProcess process = start(["serve", "--listen", listen, "--out", directory["out"], .. arguments]);
        try
        {
            string line = await process.LineAsync(line => line.StartsWith("Listening on ", StringComparison.Ordinal), "`serve` says where it listens");
            return new ServeProcess(directory, process, IPEndPoint.Parse(ListeningPattern().Match(line).Groups["where"].Value));
        }
        catch
        {
            process.Dispose();
            directory.Dispose();
            throw;
        }
    }

    /// <summary>Waits until this number of streams has ended, and reads their files.</summary>
    public async Task<byte[][]> FilesAsync(int count)
    {
        await Deadline.UntilAsync(() => Complete.Length >= count, () => $"{count} complete files, but there are {Complete.Length}\n{Process.Describe()}");
        return [.. Complete.Select(File.ReadAllBytes)];
    }

    /// <summary>Returns the path of the file with the stream of a client; null if there is none.</summary>
    public string? FindFile(EndPoint local, bool complete = true) =>
        (complete ? Complete : Parts).SingleOrDefault(path => Path.GetFileName(path).Contains($"_{((IPEndPoint)local).Port}_", StringComparison.Ordinal));

    /// <summary>Waits until the stream from an address has ended, and reads its file.</summary>
    public async Task<byte[]> FileAsync(EndPoint local)
    {
        await Deadline.UntilAsync(() => FindFile(local) is not null, () => $"the file of {local}\n{Process.Describe()}");
        return await File.ReadAllBytesAsync(FindFile(local)!);
    }

    /// <summary>Waits until the file of an open stream has this number of bytes.</summary>
    public Task PartAsync(EndPoint local, long bytes) => Deadline.UntilAsync(
        () => FindFile(local, complete: false) is { } path && new FileInfo(path).Length >= bytes,
        () => $"{bytes} bytes from {local}\n{Process.Describe()}");

    /// <summary>Stops the program with a signal, and parses the summary that it prints.</summary>
    public async Task<ServeSummary> StopAsync(int signal = Signals.Terminate)
    {
        Process.Send(signal);
        ProcessResult result = await Process.ExitAsync();
        Assert.True(result.ExitCode == 0, $"exit code {result.ExitCode}\n{result}");
        return ServeSummary.Parse(result.Output[^1]);
    }

    public void Dispose()
    {
        Process.Dispose();
        _directory.Dispose();
    }

    [GeneratedRegex("^Listening on (?<where>[^,]+),", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ListeningPattern();
}
