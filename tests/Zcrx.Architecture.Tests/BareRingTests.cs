using System.Diagnostics;
using Zcrx.Architecture.Tests.Sources;

namespace Zcrx.Architecture.Tests;

/// <summary>Tests the example BareRing as a process. Its source must be the program in docs/interop.md.</summary>
public class BareRingTests
{
    [Fact]
    public async Task Example_receives_every_byte_on_a_ring_of_its_own()
    {
        using CancellationTokenSource deadline = new(TimeSpan.FromMinutes(2));
        using Process process = Process.Start(new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "BareRing.dll")])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync(deadline.Token);
        string output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);

        Assert.True(process.ExitCode == 0, output + await errors);
        Assert.Contains("8388608 bytes, equal, 8388608 copied by the kernel, result 0", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Program_in_interop_md_is_the_example()
    {
        string document = File.ReadAllText(Path.Combine(Repository.Path, "docs", "interop.md"));
        string program = File.ReadAllText(Path.Combine(Repository.Path, "examples", "BareRing", "Program.cs"));

        Assert.Contains($"```csharp\n{program.Trim()}\n```", document, StringComparison.Ordinal);
    }
}
