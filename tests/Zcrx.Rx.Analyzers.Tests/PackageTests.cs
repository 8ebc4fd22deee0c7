using System.IO.Compression;
using System.Xml.Linq;
using Ingest.Tests.Support;
using Zcrx.Build.Tests.Support;

namespace Zcrx.Rx.Analyzers.Tests;

/// <summary>Tests that a project which references the package also runs its analyzers.</summary>
public sealed class PackageTests : IDisposable
{
    // Without these options, build servers would keep files of the output open after the build.
    private const string Quiet = "-nodeReuse:false -p:UseSharedCompilation=false -nologo";

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Package_contains_the_analyzers_and_a_consumer_gets_their_warnings()
    {
        string packages = _directory["packages"];
        await PackAsync("Zcrx.Interop", packages);
        await PackAsync("Zcrx.Rx", packages);

        using (ZipArchive package = await ZipFile.OpenReadAsync(Assert.Single(Directory.GetFiles(packages, "Zcrx.Rx.*.nupkg"))))
        {
            string[] assemblies = [.. package.Entries.Select(static entry => entry.FullName).Where(static name => name.EndsWith(".dll", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
            Assert.Equal(["analyzers/dotnet/cs/Zcrx.Rx.Analyzers.dll", "analyzers/dotnet/cs/Zcrx.Rx.CodeFixes.dll", "lib/net10.0/Zcrx.Rx.dll"], assemblies);
            Assert.Contains(package.Entries, static entry => entry.FullName == "docs/analyzers.md");
        }

        WriteConsumer(packages);
        (int exitCode, string output) = await ForeignProgram.ExecuteAsync($"exec dotnet build \"$1\" {Quiet}", _directory["Consumer.csproj"]);

        Assert.True(exitCode == 0, output);
        Assert.Contains("warning ZCRX0001: 'Delay' keeps a borrowed ReceivedBuffer", output, StringComparison.Ordinal);
        Assert.Contains("warning ZCRX0002: ", output, StringComparison.Ordinal);
        Assert.Contains("warning ZCRX0003: ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("AD0001", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Package_of_the_actors_passes_the_analyzers_on()
    {
        await PackAsync("Zcrx.Actors", _directory.Path);

        using ZipArchive package = await ZipFile.OpenReadAsync(Assert.Single(Directory.GetFiles(_directory.Path, "Zcrx.Actors.*.nupkg")));
        await using Stream manifest = await package.GetEntry("Zcrx.Actors.nuspec")!.OpenAsync();
        XElement dependency = Assert.Single((await XDocument.LoadAsync(manifest, LoadOptions.None, default)).Descendants(), static element => (string?)element.Attribute("id") == "Zcrx.Rx");
        Assert.DoesNotContain("Analyzers", (string?)dependency.Attribute("exclude") ?? "", StringComparison.Ordinal);
    }

    private static async Task PackAsync(string library, string directory)
    {
        // The projects to pack are built with the same configuration as this suite.
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        await ForeignProgram.RunAsync(
            $"exec dotnet pack \"$1\" --no-build --configuration {configuration} --output \"$2\" {Quiet}",
            Path.Combine(Repository.Path, library, library + ".csproj"),
            directory);
    }

    private void WriteConsumer(string packages)
    {
        // This suite needs the other dependencies of the package, too, so the cache contains them. The package itself must not get into the
        // cache of other projects.
        string cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        File.WriteAllText(_directory["Consumer.csproj"], $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <RestoreSources>{packages}</RestoreSources>
                <RestorePackagesPath>{_directory["restored"]}</RestorePackagesPath>
                <RestoreFallbackFolders>{cache}</RestoreFallbackFolders>
                <DisableImplicitNuGetFallbackFolder>true</DisableImplicitNuGetFallbackFolder>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Zcrx.Rx" Version="*-*" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(_directory["Consumer.cs"], """
            using System;
            using System.Reactive.Linq;
            using System.Threading.Tasks;
            using Zcrx.Interop;

            public static class Consumer
            {
                public static void Run(IObservable<ReceivedBuffer> buffers)
                {
                    buffers.Delay(TimeSpan.FromSeconds(1)).Subscribe(buffer => Console.WriteLine(buffer.Length));
                    buffers.Subscribe(async buffer => await Task.Yield());
                    buffers.Subscribe(buffer => buffer.Retain());
                }
            }
            """);
    }
}
