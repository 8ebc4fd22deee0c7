// Changes the code in small ways, and reports the changes that no test notices. Takes an hour for all parts, so it is not part of `test`.
// Each part is a file in eng/mutation. Its filter names the classes of one suite that test the part in seconds, without sockets. Stryker starts a
// test host for each change, so a single slow test would cost hours.
var mutationSuites = new SortedDictionary<string, string>(StringComparer.Ordinal)
{
    ["actors"] = "Zcrx.Actors.Tests",
    ["decisions"] = "Zcrx.Rx.Tests",
    ["errors"] = "Zcrx.Interop.Tests",
    ["framing"] = "Zcrx.Rx.Tests",
    ["leases"] = "Zcrx.Interop.Tests",
    ["rings"] = "Zcrx.Conformance",
};

Accepts("mutate", values: ["part"], program: true, check: MutateProblem);

Task("mutate")
    .Description($"scores the tests of decision code, errors, leases, rings and framing by mutation  [--part {string.Join("|", mutationSuites.Keys)}] [-- arguments of Stryker]")
    .Does(() =>
{
    var failed = new List<string>();
    foreach (var part in HasArgument("part") ? [Argument<string>("part")] : mutationSuites.Keys.ToArray())
    {
        var config = MakeAbsolute(File($"eng/mutation/{part}.json")).FullPath;
        var output = artifacts.Combine("mutation").Combine(part).FullPath;
        // Stryker starts in the folder of the suite. Beside the solution, it would mutate every project.
        if (RunIn($"tests/{mutationSuites[part]}", "dotnet", ["stryker", "--config-file", config, "--output", output, "--skip-version-check", .. PassedThrough()]) != 0)
        {
            failed.Add(part);
        }
    }

    lastWords = () => Console.WriteLine($"The reports are in {artifacts.Combine("mutation").FullPath}.");
    if (failed.Count > 0)
    {
        Fail($"Stryker has failed for {string.Join(", ", failed)}.");
    }
});

string MutateProblem() => HasArgument("part") && !mutationSuites.ContainsKey(Argument<string>("part"))
    ? $"--part must be one of {string.Join(", ", mutationSuites.Keys)}, but is '{Argument<string>("part")}'."
    : null;
