using System.Text.Json;
using System.Text.RegularExpressions;
using Zcrx.Packages.Tests.Support;

namespace Zcrx.Packages.Tests;

/// <summary>Tests which files the packages contain, and their metadata.</summary>
[Collection(PackageSuite.Name)]
public partial class PackageContentTests(PackageFolder folder)
{
    [Fact]
    public void Every_library_is_packed()
    {
        string[] expected = ["Zcrx.Actors", "Zcrx.AspNetCore", "Zcrx.Cluster", "Zcrx.Interop", "Zcrx.Rx"];

        Assert.Superset(new HashSet<string>(expected), folder.Packages.Keys.ToHashSet());
    }

    [Fact]
    public void Packages_have_one_version_from_the_tags()
    {
        string version = Assert.Single(folder.Packages.Values.Select(static package => package.Version).Distinct());

        Assert.Matches(@"^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$", version);
        // A project that sets no version gets 1.0.0.
        Assert.NotEqual("1.0.0", version);
    }

    [Fact]
    public void Packages_accept_only_their_own_version_of_each_other()
    {
        foreach (PackageFile package in folder.Packages.Values)
        {
            Assert.All(
                package.Dependencies.Where(static dependency => dependency.StartsWith("Zcrx.", StringComparison.Ordinal)),
                dependency => Assert.EndsWith($" [{package.Version}]", dependency, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Packages_declare_no_dependency_that_another_dependency_brings()
    {
        Assert.Empty(Dependencies("Zcrx.Interop"));
        Assert.Equal(["System.Reactive", "Zcrx.Interop"], Dependencies("Zcrx.Rx"));
        Assert.Equal(["Akka.Hosting", "Microsoft.Extensions.Diagnostics.HealthChecks", "Zcrx.Rx"], Dependencies("Zcrx.Actors"));
        Assert.Equal(["Zcrx.Actors"], Dependencies("Zcrx.AspNetCore"));
        Assert.Equal(["Akka.Cluster.Hosting", "System.IO.Hashing", "Zcrx.Actors"], Dependencies("Zcrx.Cluster"));

        IEnumerable<string> Dependencies(string id) => folder.Packages[id].Dependencies.Select(static dependency => dependency.Split(' ')[0]).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Packages_contain_documentation_icon_and_readme_of_their_own()
    {
        foreach (PackageFile package in folder.Packages.Values)
        {
            Assert.Superset(
                new HashSet<string> { $"lib/net10.0/{package.Id}.dll", $"lib/net10.0/{package.Id}.xml", package.Value("icon"), package.Value("readme") },
                package.Entries.ToHashSet());
            Assert.StartsWith($"# {package.Id}\n", package.Read(package.Value("readme")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Links_of_a_readme_are_absolute_and_lead_to_a_file_of_the_repository()
    {
        foreach (PackageFile package in folder.Packages.Values)
        {
            string files = $"{package.Repository.Attribute("url")!.Value}/blob/main/";
            string[] links = [.. Link().Matches(package.Read("README.md")).Select(static match => match.Groups["target"].Value)];

            Assert.NotEmpty(links);
            Assert.All(links, link =>
            {
                Assert.StartsWith(files, link, StringComparison.Ordinal);
                Assert.True(File.Exists(Path.Combine(Repository.Path, link[files.Length..])), $"{package.Id}: {link} leads to no file");
            });
        }
    }

    [SkippableFact]
    public void Symbols_lead_to_every_source_file_of_the_commit()
    {
        Skip.IfNot(Path.Exists(Path.Combine(Repository.Path, ".git")), "sources without git have no commit that a source link could name");
        Skip.IfNot(Repository.Configuration == "Release", "only Release builds have deterministic source paths");
        foreach (PackageFile package in folder.Packages.Values)
        {
            string url = package.Repository.Attribute("url")!.Value.Replace("//github.com/", "//raw.githubusercontent.com/", StringComparison.Ordinal);
            string commit = package.Repository.Attribute("commit")!.Value;
            (string link, IReadOnlyDictionary<string, bool> documents) = package.ReadSymbols();

            using JsonDocument json = JsonDocument.Parse(link);
            JsonProperty mapping = Assert.Single(json.RootElement.GetProperty("documents").EnumerateObject());
            string root = mapping.Name.TrimEnd('*');

            Assert.Equal($"{url}/{commit}/*", mapping.Value.GetString());
            Assert.NotEmpty(documents);
            Assert.All(documents, document =>
            {
                (string path, bool embedded) = document;
                Assert.StartsWith(root, path, StringComparison.Ordinal);
                Assert.True(embedded, $"{path} is not embedded");
                // The build generates the files in obj. The repository does not have them, so they exist only as embedded sources.
                Assert.True(path.Contains("/obj/", StringComparison.Ordinal) || File.Exists(Path.Combine(Repository.Path, path[root.Length..])), $"{path} leads to no file");
            });
        }
    }

    [GeneratedRegex(@"\]\((?<target>[^()\s]+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Link();
}
