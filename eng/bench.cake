// Measures the cost of Zcrx compared with other ways to receive, and the cost per buffer compared with a bare loop. docs/benchmarks.md
// explains the results.
string[] BenchOptions()
{
    List<string> arguments = [];
    foreach (var name in (string[])["short", "hash", "verbose", "no-loop"])
    {
        if (HasArgument(name))
        {
            arguments.Add($"--{name}");
        }
    }

    foreach (var name in (string[])["volume", "warm-up", "rounds", "connections", "receivers"])
    {
        if (HasArgument(name))
        {
            arguments.Add($"--{name}={Argument<string>(name)}");
        }
    }

    return [.. arguments];
}

Accepts("bench", values: ["volume", "warm-up", "rounds", "connections", "receivers"], flags: ["short", "hash", "verbose", "no-loop"], program: true);

Task("bench")
    .Description("compares receivers  [--short] [--volume 4GiB] [--warm-up 2GiB] [--rounds N] [--connections 1,64] [--receivers zcrx,socket] [--hash] [-- --help]")
    .Does(() =>
{
    const string project = "tests/Zcrx.Benchmarks/Zcrx.Benchmarks.csproj";
    Build(project);
    EnsureDirectoryExists(artifacts);
    var report = artifacts.CombineWithFilePath("benchmarks.txt").FullPath;
    System.IO.File.Delete(report);
    // A subcommand is the first argument, before the options of this target. Only the comparison of bulk traffic has the option --report.
    string[] arguments = PassedThrough() is [var verb, ..] && !verb.StartsWith('-') ? [.. PassedThrough(), .. BenchOptions()] : [.. BenchOptions(), .. PassedThrough(), $"--report={report}"];
    exitCode = Run("dotnet", ["exec", OutputOf(project), .. arguments]);
    if (System.IO.File.Exists(report))
    {
        lastWords = () => Console.Write(System.IO.File.ReadAllText(report));
    }
});
