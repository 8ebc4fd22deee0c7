using Ingest.Tests.Support;

namespace Zcrx.Packages.Tests.Support;

/// <summary>Represents a project outside the repository that references only the packages.</summary>
internal sealed class Consumer : IDisposable
{
    private readonly TempDirectory _directory = new();

    /// <summary>Writes the project.</summary>
    /// <param name="packages">The packages.</param>
    /// <param name="program">The directory below <c>Programs</c> with its sources.</param>
    /// <param name="references">The packages that it references, with versions.</param>
    public Consumer(PackageFolder packages, string program, params (string Id, string Version)[] references)
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Programs", program)))
        {
            File.Copy(file, _directory[Path.GetFileName(file)]);
        }

        File.WriteAllText(_directory["Consumer.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                {string.Concat(references.Select(static reference => $"<PackageReference Include=\"{reference.Id}\" Version=\"{reference.Version}\" />"))}
              </ItemGroup>
            </Project>
            """);

        // Packages of the same version are packed again and again. They must not come from, or reach, the machine's own folder, which serves everything else.
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

    /// <summary>Restores and builds the project, and returns what the build printed.</summary>
    public async Task<string> BuildAsync()
    {
        (int exitCode, string output) = await ForeignProgram.ExecuteAsync(
            "cd \"$1\" && exec dotnet build --nologo --verbosity minimal -nodeReuse:false -p:UseSharedCompilation=false -p:UseAppHost=false", _directory.Path);
        Assert.True(exitCode == 0, output);
        return output;
    }

    /// <summary>Runs the program and returns its output.</summary>
    public async Task<string> RunAsync()
    {
        (int exitCode, string output) = await ForeignProgram.ExecuteAsync("exec dotnet exec \"$1\"", _directory["bin/Debug/net10.0/Consumer.dll"]);
        Assert.True(exitCode == 0, output);
        return output;
    }

    public void Dispose() => _directory.Dispose();
}
