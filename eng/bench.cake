Task("bench")
    .Description("runs the benchmarks  [-- arguments for the benchmark program]")
    .IsDependentOn("restore-akka")
    .Does(() =>
{
    const string project = "tests/Zcrx.Benchmarks/Zcrx.Benchmarks.csproj";
    Build(project);
    exitCode = Run("dotnet", ["exec", OutputOf(project), .. PassedThrough()]);
});
