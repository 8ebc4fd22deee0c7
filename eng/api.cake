// Writes the public API of the libraries into PublicAPI.Shipped.txt and PublicAPI.Unshipped.txt. Each build compares these files with the
// sources (RS0016, RS0017).
Accepts("api", flags: ["ship"]);

Task("api")
    .Description("writes the public API of the libraries into PublicAPI.*.txt  [--ship: a release has it]")
    .Does(() =>
{
    var logs = artifacts.Combine("api");
    CleanDirectory(logs);
    // Empty files make the analyzer report every symbol as undeclared. `#nullable enable` adds nullability to the reported names.
    WriteApi(logs.CombineWithFilePath("PublicAPI.Shipped.txt").FullPath, []);
    WriteApi(logs.CombineWithFilePath("PublicAPI.Unshipped.txt").FullPath, []);
    FilePath[] libraries = [.. GetFiles("./Zcrx.*/Zcrx.*.csproj"), .. GetFiles("./extensions/*/*.csproj")];
    foreach (var project in libraries)
    {
        // An incremental build would not analyze an assembly that is up to date.
        CleanDirectory(project.GetDirectory().Combine("obj/Api"));
    }

    // A separate configuration does not overwrite the output of other builds.
    if (Run("dotnet", "build", "eng/pack.proj", "-target:Build", "-p:Configuration=Api", $"-p:ApiLog={logs.FullPath}", "--nologo", "--verbosity", "quiet", "-consoleLoggerParameters:NoSummary;ErrorsOnly") != 0)
    {
        throw new CakeException("The libraries do not build; the errors are above.");
    }

    foreach (var project in libraries)
    {
        var library = project.GetFilenameWithoutExtension().ToString();
        var shippedFile = project.GetDirectory().CombineWithFilePath("PublicAPI.Shipped.txt").FullPath;
        var unshippedFile = project.GetDirectory().CombineWithFilePath("PublicAPI.Unshipped.txt").FullPath;
        var current = DeclaredIn(logs.CombineWithFilePath(library + ".sarif").FullPath);
        if (current.Count == 0)
        {
            throw new CakeException($"{library} has no public API according to {logs.CombineWithFilePath(library + ".sarif")}: the analyzer did not run.");
        }

        var shipped = HasArgument("ship") ? current : ApiLines(shippedFile);
        WriteApi(shippedFile, shipped);
        var added = current.Except(shipped);
        var removed = shipped.Except(current).Select(symbol => $"*REMOVED*{symbol}");
        WriteApi(unshippedFile, [.. added, .. removed]);
        Console.WriteLine($"{library}: {current.Count:N0} entries, {added.Count():N0} unshipped, {removed.Count():N0} removed");
    }
});

// Returns all symbols of a library. The analyzer reported each of them as undeclared, because its files were empty.
HashSet<string> DeclaredIn(string log)
{
    using var document = System.Text.Json.JsonDocument.Parse(System.IO.File.ReadAllText(log));
    return [.. document.RootElement.GetProperty("runs")[0].GetProperty("results").EnumerateArray()
        .Where(result => result.GetProperty("ruleId").GetString() == "RS0016")
        .Select(result => result.GetProperty("properties").GetProperty("customProperties").GetProperty("APIName").GetString())];
}

HashSet<string> ApiLines(string file) => System.IO.File.Exists(file)
    ? [.. System.IO.File.ReadAllLines(file).Where(line => line.Length > 0 && line[0] != '#')]
    : [];

void WriteApi(string file, IEnumerable<string> symbols) =>
    System.IO.File.WriteAllText(file, string.Concat(symbols.Order(StringComparer.Ordinal).Prepend("#nullable enable").Select(line => line + "\n")));
