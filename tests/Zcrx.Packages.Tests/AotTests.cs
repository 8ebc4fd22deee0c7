using System.Text.RegularExpressions;
using Ingest.Tests.Support;
using Xunit.Abstractions;
using Zcrx.Packages.Tests.Support;

namespace Zcrx.Packages.Tests;

/// <summary>Tests that a program with Zcrx.Rx can be published with native AOT and then runs.</summary>
[Collection(PackageSuite.Name)]
public class AotTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task Native_program_over_Rx_publishes_without_warnings_and_receives_every_byte()
    {
        ForeignProgram.Require("ld", "binutils");
        Skip.IfNot(File.Exists("/usr/include/zlib.h"), "the native linker needs zlib (Debian package zlib1g-dev)");
        string compiler = new[] { "clang", "gcc" }.FirstOrDefault(ForeignProgram.Exists) ?? "";
        Skip.If(compiler.Length == 0, "no C compiler links the native program (Debian package clang or gcc)");
        using TempDirectory directory = new();

        (int exitCode, string log) = await ForeignProgram.ExecuteAsync(
            "exec dotnet publish \"$1/tests/Zcrx.Aot\" --configuration \"$2\" --output \"$3\" --nologo --verbosity quiet "
            + "-nodeReuse:false -p:UseSharedCompilation=false -p:Aot=true -p:RunAnalyzers=false -p:CppCompilerAndLinker=\"$4\"",
            Repository.Path, Repository.Configuration, directory.Path, compiler);
        Skip.If(Regex.IsMatch(log, "error NU110[12]: .*ILCompiler", RegexOptions.None, TimeSpan.FromSeconds(1)), "no package source has the native compiler Microsoft.DotNet.ILCompiler");
        Assert.True(exitCode == 0, log);

        (exitCode, string result) = await ForeignProgram.ExecuteAsync("exec \"$1\"", directory["Zcrx.Aot"]);
        Assert.True(exitCode == 0, result);
        Assert.StartsWith("4 of 4 streams intact", result, StringComparison.Ordinal);
        output.WriteLine($"measured: native program over Zcrx.Rx: {new FileInfo(directory["Zcrx.Aot"]).Length / 1e6:F1} MB; {result}");
    }
}
