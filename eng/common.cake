// What all targets share.
using System.Xml.Linq;

const string Configuration = "Release";
const string Solution = "Zcrx.Actors.sln";

var artifacts = MakeAbsolute(Directory("artifacts"));

// Said after everything else, so that the last line of the output is the result. The exit code of the build is the second.
Action lastWords = () => { };
var exitCode = 0;

void Fail(string reason, int code = 1)
{
    Console.Error.WriteLine($"build: {reason}");
    exitCode = exitCode == 0 ? code : exitCode;
}

// The arguments that each target takes: with a value, without one, and whether it passes those after `--` to a program.
// `Check` returns what is wrong with the values, or null. An argument that would have no effect ends the build before anything runs.
sealed record TargetArguments(string[] Values, string[] Flags, bool Program, Func<string> Check);

var targetArguments = new Dictionary<string, TargetArguments>(StringComparer.OrdinalIgnoreCase);

void Accepts(string target, string[] values = null, string[] flags = null, bool program = false, Func<string> check = null) =>
    targetArguments.Add(target, new(values ?? [], flags ?? [], program, check ?? (() => null)));

// Returns what is wrong with the arguments of a target, or null.
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
            // From build.sh.
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

        // build.sh writes `true` where the user gave no value.
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

// What the user wrote after `--`.
string[] PassedThrough() =>
    (EnvironmentVariable("ZCRX_PASSTHROUGH") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);

// Runs a program in this terminal (so that it may draw on it) and returns its exit code.
int Run(string program, params string[] arguments)
{
    // Ctrl-C reaches the program too, which decides how to react. The build then continues with its exit code.
    ConsoleCancelEventHandler leaveItToTheProgram = (_, e) => e.Cancel = true;
    Console.CancelKeyPress += leaveItToTheProgram;
    try
    {
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(program, arguments) { UseShellExecute = false });
        process.WaitForExit();
        return process.ExitCode;
    }
    finally
    {
        Console.CancelKeyPress -= leaveItToTheProgram;
    }
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
