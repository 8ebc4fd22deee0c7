using System.Diagnostics;
using System.Text;

namespace Ingest.Tests.Support;

/// <summary>Runs the program under test. The disposal kills it and all its child processes.</summary>
internal sealed class IngestProcess : IDisposable
{
    private readonly Process _process;
    private readonly ProcessOutput _output;
    private readonly ProcessOutput _error;

    private IngestProcess(ProcessStartInfo start)
    {
        Signals.StopIgnoringInterrupt();
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.UseShellExecute = false;
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _output = new ProcessOutput(_process.StandardOutput);
        _error = new ProcessOutput(_process.StandardError);
    }

    public static string Program { get; } = Path.Combine(AppContext.BaseDirectory, "Ingest.dll");

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string[] Output => _output.Lines;

    public string[] Error => _error.Lines;

    public static IngestProcess Start(params string[] arguments) => new(new ProcessStartInfo("dotnet", ["exec", Program, .. arguments]));

    /// <summary>Starts the program from a shell, after a shell command. The command can set a limit, for example.</summary>
    public static IngestProcess StartAfter(string command, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        ProcessStartInfo start = new("sh", ["-c", $"{command}; exec dotnet exec \"$@\"", "sh", Program, .. arguments]);
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return new IngestProcess(start);
    }

    /// <summary>Runs the program and waits until it has ended.</summary>
    public static async Task<ProcessResult> RunAsync(params string[] arguments)
    {
        using IngestProcess process = Start(arguments);
        return await process.ExitAsync();
    }

    /// <summary>Waits for a line on standard output.</summary>
    public Task<string> LineAsync(Func<string, bool> which, string expectation) => LineAsync(_output, which, expectation);

    /// <summary>Waits for a line on standard error.</summary>
    public Task<string> ErrorLineAsync(Func<string, bool> which, string expectation) => LineAsync(_error, which, expectation);

    public void Send(int signal) => Signals.Send(Id, signal);

    /// <summary>Waits until the program has ended, and returns its result.</summary>
    public async Task<ProcessResult> ExitAsync()
    {
        try
        {
            await Deadline.Within(Task.WhenAll(_process.WaitForExitAsync(), _output.Completion, _error.Completion));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"the program has not ended within {Deadline.Limit.TotalSeconds} s\n{Describe()}");
        }

        return new ProcessResult(_process.ExitCode, Output, Error);
    }

    public string Describe()
    {
        StringBuilder text = new();
        text.AppendLine("standard output:").AppendJoin('\n', Output).AppendLine().AppendLine("standard error:").AppendJoin('\n', Error);
        return text.ToString();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private async Task<string> LineAsync(ProcessOutput output, Func<string, bool> which, string expectation)
    {
        string? found = null;
        await Deadline.UntilAsync(
            () => (found = output.Lines.FirstOrDefault(which)) is not null || output.Completion.IsCompleted,
            () => $"{expectation}\n{Describe()}");
        found ??= output.Lines.FirstOrDefault(which);
        Assert.True(found is not null, $"{expectation}: the program ended without\n{Describe()}");
        return found;
    }
}
