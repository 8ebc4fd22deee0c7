using System.Diagnostics;
using Ingest.Tests.Support;

namespace Zcrx.Packages.Tests.Support;

/// <summary>Represents the project of a user: it is outside the repository and references only the packages.</summary>
internal sealed class Consumer : IDisposable
{
    private readonly TempDirectory _directory = new();

    /// <summary>Writes the project file and copies the sources.</summary>
    /// <param name="packages">The packages under test.</param>
    /// <param name="program">The subdirectory of <c>Programs</c> with the sources.</param>
    /// <param name="references">The ids and versions of the packages that the project references.</param>
    public Consumer(PackageFolder packages, string program, params (string Id, string Version)[] references)
        : this(packages, program, "Microsoft.NET.Sdk", references)
    {
    }

    /// <inheritdoc cref="Consumer(PackageFolder, string, ValueTuple{string, string}[])"/>
    /// <param name="sdk">The name of the project's SDK.</param>
    public Consumer(PackageFolder packages, string program, string sdk, params (string Id, string Version)[] references)
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Programs", program)))
        {
            File.Copy(file, _directory[Path.GetFileName(file)]);
        }

        File.WriteAllText(_directory["Consumer.csproj"], $"""
            <Project Sdk="{sdk}">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <AllowUnsafeBlocks>true</AllowUnsafeBlocks>
              </PropertyGroup>
              <ItemGroup>
                {string.Concat(references.Select(static reference => $"<PackageReference Include=\"{reference.Id}\" Version=\"{reference.Version}\" />"))}
              </ItemGroup>
            </Project>
            """);

        // The packages under test change without a new version, so the project restores into a packages folder of its own. The machine's
        // packages folder must neither provide nor receive them. It provides all other packages.
        File.WriteAllText(_directory["nuget.config"], $"""
            <configuration>
              <config>
                <add key="globalPackagesFolder" value="{_directory["packages"]}" />
              </config>
              <packageSources>
                <add key="zcrx" value="{packages.Path}" />
              </packageSources>
              <fallbackPackageFolders>
                <add key="machine" value="{MachinePackages}" />
              </fallbackPackageFolders>
            </configuration>
            """);
    }

    private static string MachinePackages => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>Adds a source file to the project.</summary>
    public void Add(string name, string text) => File.WriteAllText(_directory[name], text);

    /// <summary>Restores and builds the project, and returns the output of the build. Fails the test if the build fails.</summary>
    public async Task<string> BuildAsync()
    {
        (int exitCode, string output) = await ForeignProgram.ExecuteAsync(
            "cd \"$1\" && exec dotnet build --nologo --verbosity minimal -nodeReuse:false -p:UseSharedCompilation=false -p:UseAppHost=false", _directory.Path);
        Assert.True(exitCode == 0, output);
        return output;
    }

    /// <summary>Runs the program, and returns its output. Fails the test if its exit code is not 0.</summary>
    public async Task<string> RunAsync(params string[] arguments)
    {
        (int exitCode, string output) = await ForeignProgram.ExecuteAsync("exec dotnet exec \"$@\"", [Assembly, .. arguments]);
        Assert.True(exitCode == 0, output);
        return output;
    }

    /// <summary>Starts the program. Its standard input stays open until the test closes it.</summary>
    /// <param name="directory">The working directory, or null for that of this process.</param>
    /// <param name="arguments">The command line arguments of the program.</param>
    public Process Start(string? directory, params string[] arguments) => Process.Start(new ProcessStartInfo("dotnet", ["exec", Assembly, .. arguments])
    {
        WorkingDirectory = directory ?? "", UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
    })!;

    private string Assembly => _directory["bin/Debug/net10.0/Consumer.dll"];

    public void Dispose() => _directory.Dispose();
}
