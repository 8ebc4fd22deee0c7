// Contains the functions that all targets share.
using System.Xml.Linq;

const string Configuration = "Release";
const string Solution = "Zcrx.Actors.sln";

var artifacts = MakeAbsolute(Directory("artifacts"));

// lastWords prints the result after all other output, so that the result is the last line. exitCode is the exit code of the build.
Action lastWords = () => { };
var exitCode = 0;

void Fail(string reason, int code = 1)
{
    Console.Error.WriteLine($"build: {reason}");
    exitCode = exitCode == 0 ? code : exitCode;
}

// Describes the arguments of a target: those with a value, those without, and whether arguments after `--` are passed to a program.
// `Check` returns an error about the values, or null. An argument that would have no effect ends the build before anything runs.
sealed record TargetArguments(string[] Values, string[] Flags, bool Program, Func<string> Check);

var targetArguments = new Dictionary<string, TargetArguments>(StringComparer.OrdinalIgnoreCase);

void Accepts(string target, string[] values = null, string[] flags = null, bool program = false, Func<string> check = null) =>
    targetArguments.Add(target, new(values ?? [], flags ?? [], program, check ?? (() => null)));

// Returns an error about the arguments of a target, or null.
string ArgumentProblem(string target)
{
    var accepted = targetArguments.GetValueOrDefault(target) ?? new([], [], false, () => null);
    string[] names = [.. accepted.Values, .. accepted.Flags];
    foreach (var (name, values) in Context.Arguments.GetArguments())
    {
        var takesValue = accepted.Values.Contains(name, StringComparer.OrdinalIgnoreCase);
        var count = values.Count;
        if (name is "target" or "verbosity" && count == 1)
        {
            // build.sh passes these two arguments to Cake.
            continue;
        }

        if (!names.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            return $"target '{target}' has no argument --{name}; it takes {(names.Length == 0 ? "none" : string.Join(", ", names.Select(known => $"--{known}")))}.";
        }

        if (count > 1)
        {
            return $"--{name} is given {count} times.";
        }

        // build.sh passes `true` if the user gave no value.
        if (takesValue && values.Single() is "true" or "")
        {
            return $"--{name} needs a value.";
        }

        if (!takesValue && values.Single() != "true")
        {
            return $"--{name} takes no value, but '{values.Single()}' is given.";
        }
    }

    if (!accepted.Program && PassedThrough() is [var first, ..])
    {
        return $"target '{target}' starts no program that '{first}' could be passed to.";
    }

    return accepted.Check();
}

// Returns the user's arguments after `--`.
string[] PassedThrough() =>
    (EnvironmentVariable("ZCRX_PASSTHROUGH") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);

// Runs a program in this terminal, so that it can control the terminal, and returns its exit code.
int Run(string program, params string[] arguments) => RunIn("", program, arguments);

// Runs a program in another folder. The empty name is the folder of the build.
int RunIn(string folder, string program, string[] arguments)
{
    // Ctrl-C also reaches the program, which decides how to react. The build must survive to return the program's exit code.
    ConsoleCancelEventHandler leaveItToTheProgram = (_, e) => e.Cancel = true;
    Console.CancelKeyPress += leaveItToTheProgram;
    try
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, arguments) { UseShellExecute = false, WorkingDirectory = folder });
        process.WaitForExit();
        return process.ExitCode;
    }
    finally
    {
        Console.CancelKeyPress -= leaveItToTheProgram;
    }
}

// Runs an action for 0 to count - 1, in this order. At most `atOnce` of the calls run at a time.
void ForEachAtOnce(int count, int atOnce, Action<int> run) => Parallel.ForEach(
    System.Collections.Concurrent.Partitioner.Create(Enumerable.Range(0, count), System.Collections.Concurrent.EnumerablePartitionerOptions.NoBuffering),
    new ParallelOptions { MaxDegreeOfParallelism = atOnce },
    run);

bool IsContinuousIntegration() => string.Equals(EnvironmentVariable("CI"), "true", StringComparison.OrdinalIgnoreCase);

// Runs a program while others run, and prints its whole output at once after its end.
int RunAside(string title, string program, string[] arguments)
{
    using var process = new System.Diagnostics.Process { StartInfo = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false } };
    var lines = new System.Collections.Concurrent.ConcurrentQueue<string>([title]);
    process.OutputDataReceived += (_, line) => lines.Enqueue(line.Data);
    process.ErrorDataReceived += (_, line) => lines.Enqueue(line.Data);
    process.Start();
    process.BeginOutputReadLine();
    process.BeginErrorReadLine();
    process.WaitForExit();
    Console.Out.WriteLine(string.Join(Environment.NewLine, lines.Where(line => line is not null)));
    return process.ExitCode;
}

void Build(string project)
{
    if (Run("dotnet", "build", project, "--configuration", Configuration, "--nologo", "--verbosity", "quiet", "-consoleLoggerParameters:NoSummary") != 0)
    {
        throw new CakeException($"{project} does not build; the errors are above.");
    }
}

string OutputOf(FilePath project) =>
    project.GetDirectory().Combine($"bin/{Configuration}/net10.0").CombineWithFilePath(project.GetFilenameWithoutExtension() + ".dll").FullPath;
