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

// What the user wrote after `--`.
string[] PassedThrough() =>
    (EnvironmentVariable("ZCRX_PASSTHROUGH") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);

// Runs a program in this terminal (so that it may draw on it) and returns its exit code.
int Run(string program, params string[] arguments)
{
    // Ctrl-C reaches the program too, and the program decides what it means; the build then goes on with its exit code.
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
