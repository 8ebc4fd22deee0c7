using Ingest.Tests.Support;

namespace Ingest.Tests.Commands;

/// <summary>Tests that the help describes everything and fits the width of a terminal.</summary>
public class HelpTests
{
    [Theory]
    [InlineData("--help", "demo", "serve", "send", "capabilities", "Exit codes:", "Examples:")]
    [InlineData("demo --help", "--connections <N>", "[default: 8]", "[default: 128MiB]", "[default: 64MiB]", "--engine", "--slow", "--sender-netns <NAME>", "Examples:")]
    [InlineData("serve --help", "--listen <ADDRESS:PORT> (REQUIRED)", "--out <DIR>", "[default: 5s]", "--interface <IF>", "--queue <Q>", ".part", "Examples:")]
    [InlineData("send --help", "--to <HOST:PORT> (REQUIRED)", "--file <PATH>", "Examples:")]
    [InlineData("lease --help", "--interface <IF> (REQUIRED)", "--container <NAMESPACE> (REQUIRED)", "--container-interface <IF> (REQUIRED)", "--port <PORT>", "Examples:")]
    [InlineData("capabilities --help", "--interface <IF>", "which engine")]
    public async Task Help_names_commands_options_and_defaults_within_120_columns(string commandLine, params string[] parts)
    {
        ProcessResult result = await IngestProcess.RunAsync(commandLine.Split(' '));

        Assert.Equal(0, result.ExitCode);
        Assert.Empty(result.Error);
        string text = string.Join('\n', result.Output);
        Assert.All(parts, part => Assert.Contains(part, text, StringComparison.Ordinal));
        Assert.All(result.Output, line => Assert.True(line.Length <= 120, line));
    }

    [Fact]
    public async Task Capabilities_command_names_the_engine_that_auto_chooses()
    {
        ProcessResult result = await IngestProcess.RunAsync("capabilities");

        Assert.Equal(0, result.ExitCode);
        Assert.Empty(result.Error);
        string text = string.Join('\n', result.Output);
        Assert.All(["kernel", "this process", "engine auto", "chooses", "because"], part => Assert.Contains(part, text, StringComparison.Ordinal));
        Assert.DoesNotContain('\u001b', text);
    }
}
