Accepts("pack", flags: ["quick"]);

// Packs the libraries, then restores, builds and runs programs that use only the packages and nothing else from this repository.
Task("pack")
    .Description("packs the libraries into artifacts/packages and tests the packages  [--quick: no analyzers, no tests]")
    .Does(() =>
{
    var packages = artifacts.Combine("packages");
    CleanDirectory(packages);
    if (Run("dotnet", "build", "eng/pack.proj", $"-p:Packages={packages.FullPath}", $"-p:Configuration={Configuration}", $"-p:RunAnalyzers={!HasArgument("quick")}", "--nologo", "--verbosity", "quiet", "-consoleLoggerParameters:NoSummary") != 0)
    {
        throw new CakeException("The libraries do not pack; the errors are above.");
    }

    foreach (var package in GetFiles(packages + "/*.*nupkg").OrderBy(file => file.FullPath, StringComparer.Ordinal))
    {
        Console.WriteLine($"artifacts/packages/{package.GetFilename()}  {new System.IO.FileInfo(package.FullPath).Length:N0} bytes");
    }

    if (HasArgument("quick"))
    {
        return;
    }

    const string tests = "tests/Zcrx.Packages.Tests/Zcrx.Packages.Tests.csproj";
    Build(tests);
    // The suite uses these packages instead of packing again.
    System.Environment.SetEnvironmentVariable("ZCRX_PACKAGES", packages.FullPath);
    exitCode = Run("dotnet", "test", OutputOf(tests), "--nologo");
});
