using System.Diagnostics;
using SharpFuzz;

namespace Zcrx.Fuzz.Guidance;

/// <summary>Runs this program with instrumented copies of the libraries, which count the branches that they take.</summary>
internal static class InstrumentedProcess
{
    private const string Mark = "ZCRX_FUZZ_INSTRUMENTED";

    private static readonly string[] Libraries = ["Zcrx.Interop.dll", "Zcrx.Rx.dll"];

    /// <summary>Gets a value indicating whether this process uses the instrumented libraries.</summary>
    public static bool IsCurrent => Environment.GetEnvironmentVariable(Mark) == "1";

    /// <summary>Runs the same command with the instrumented libraries, and returns its exit code.</summary>
    public static int Run(string[] arguments)
    {
        string directory = Directory.CreateTempSubdirectory("zcrx-fuzz-").FullName;
        try
        {
            foreach (string file in Directory.GetFiles(AppContext.BaseDirectory))
            {
                File.Copy(file, Path.Combine(directory, Path.GetFileName(file)));
            }

            foreach (string library in Libraries)
            {
                Fuzzer.Instrument(Path.Combine(directory, library), static _ => true, Options.Value);
            }

            ProcessStartInfo start = new(Environment.ProcessPath!) { UseShellExecute = false, ArgumentList = { "exec", Path.Combine(directory, "Zcrx.Fuzz.dll") } };
            foreach (string argument in arguments)
            {
                start.ArgumentList.Add(argument);
            }

            start.Environment[Mark] = "1";
            using Process process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
