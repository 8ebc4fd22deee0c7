using System.Text.RegularExpressions;
using Ingest.Tests.Support;
using Zcrx.Packages.Tests.Support;

namespace Zcrx.Packages.Tests;

/// <summary>Tests that the build fails if the public API differs from the files <c>PublicAPI.*.txt</c>.</summary>
[Collection(PackageSuite.Name)]
public partial class ApiTests
{
    [Fact]
    public async Task Change_of_the_public_API_that_the_files_do_not_declare_fails_the_build()
    {
        const string Library = "Zcrx.Interop";
        using TempDirectory directory = new();
        string declared = await File.ReadAllTextAsync(Path.Combine(Repository.Path, Library, "PublicAPI.Unshipped.txt"));
        await File.WriteAllTextAsync(directory["PublicAPI.Unshipped.txt"], $"{declared}Zcrx.Interop.Removed\n");
        await File.WriteAllTextAsync(directory["Added.cs"], "namespace Zcrx.Interop;\n\n/// <summary>A type that no file declares.</summary>\npublic interface IAdded;\n");
        await File.WriteAllTextAsync(directory["Change.targets"], $"""
            <Project>
              <Target Name="ChangeApi" BeforeTargets="CoreCompile">
                <ItemGroup>
                  <Compile Include="{directory["Added.cs"]}" />
                  <AdditionalFiles Remove="PublicAPI.Unshipped.txt" />
                  <AdditionalFiles Include="{directory["PublicAPI.Unshipped.txt"]}" />
                </ItemGroup>
              </Target>
            </Project>
            """);

        (int exitCode, string output) = await ForeignProgram.ExecuteAsync(
            "exec dotnet build \"$1/$2\" --no-restore --nologo --verbosity quiet -nodeReuse:false -p:UseSharedCompilation=false -p:ApiOnly=true "
            + "-p:IntermediateOutputPath=\"$3/obj/\" -p:OutputPath=\"$3/bin/\" -p:CustomAfterMicrosoftCommonTargets=\"$3/Change.targets\"",
            Repository.Path, Library, directory.Path);

        Assert.NotEqual(0, exitCode);
        Assert.Equal(
            ["RS0016 Zcrx.Interop.IAdded", "RS0017 Zcrx.Interop.Removed"],
            Errors().Matches(output).Select(static match => $"{match.Groups["rule"].Value} {match.Groups["symbol"].Value}").Distinct().Order(StringComparer.Ordinal));
    }

    // The pattern matches any error of the build, so that an unexpected one fails the test.
    [GeneratedRegex(@"error (?<rule>\w+): (Symbol '(?<symbol>[^']+)')?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Errors();
}
