using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LogIngest.Tests.Support;

namespace LogIngest.Tests.Clients;

/// <summary>Tests that programs which are not part of Zcrx can send to the service, with each framing that they support.</summary>
public sealed partial class ForeignClientTests : IAsyncLifetime, IDisposable
{
    private readonly TempDirectory _directory = new();
    private ServiceHost _service = null!;

    private string Host => _service.EndPoint.Address.ToString();

    private string Port => _service.EndPoint.Port.ToString(CultureInfo.InvariantCulture);

    public async Task InitializeAsync() => _service = await ServiceHost.StartAsync(["--store", "file", "--directory", _directory.Path, "--LogIngest:Writers", "1"]);

    public async Task DisposeAsync() => await _service.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [SkippableTheory]
    [InlineData("--rfc5424")]
    [InlineData("--rfc5424", "--octet-count")]
    [InlineData("--rfc3164")]
    [InlineData("--rfc3164", "--octet-count")]
    public async Task Logger_messages_arrive_with_their_fields(params string[] options)
    {
        ForeignProgram.Require("logger", "bsdutils");

        await ForeignProgram.RunAsync("logger", ["--tcp", "--server", Host, "--port", Port, "--tag", "mytag", "--id=77", "--priority", "local3.warning", .. options, "hello w\u00f6rld"]);

        JsonElement message = Assert.Single(await ReadAsync(1));
        Assert.Equal("19|4|mytag|77|hello w\u00f6rld|0", Fields(message));
    }

    [SkippableFact]
    public async Task Python_messages_arrive_in_order()
    {
        ForeignProgram.Require("python3", "python3");
        const string Script = """
            import logging.handlers, socket, sys
            handler = logging.handlers.SysLogHandler((sys.argv[1], int(sys.argv[2])), socktype=socket.SOCK_STREAM)
            handler.setFormatter(logging.Formatter('1 - host py - - - %(message)s'))
            log = logging.getLogger()
            log.addHandler(handler)
            for number in range(1000):
                log.warning('message %d', number)
            """;

        await ForeignProgram.RunAsync("python3", "-c", Script, Host, Port);

        JsonElement[] messages = await ReadAsync(1000);
        Assert.Equal(Enumerable.Range(0, 1000).Select(static number => $"1|4|py||message {number}|0"), messages.Select(Fields));
    }

    [SkippableTheory]
    [InlineData("octet-counted")]
    [InlineData("traditional")]
    public async Task Messages_that_rsyslog_forwards_are_stored(string framing)
    {
        ForeignProgram.Require("rsyslogd", "rsyslog");
        ForeignProgram.Require("logger", "bsdutils");
        string socket = _directory["rsyslog.sock"];
        await File.WriteAllTextAsync(_directory["rsyslog.conf"], $"""
            global(workDirectory="{_directory.Path}")
            module(load="imuxsock" SysSock.Use="off")
            input(type="imuxsock" Socket="{socket}" RateLimit.Interval="0")
            action(type="omfwd" target="{Host}" port="{Port}" protocol="tcp" TCP_Framing="{framing}" template="RSYSLOG_SyslogProtocol23Format")

            """);
        using Process rsyslog = ForeignProgram.Start("rsyslogd", "-n", "-f", _directory["rsyslog.conf"], "-i", _directory["rsyslog.pid"]);
        try
        {
            await Deadline.UntilAsync(() => File.Exists(socket) || rsyslog.HasExited, "rsyslogd listens");
            Assert.False(rsyslog.HasExited, $"{await ExitOutputAsync(rsyslog)}");
            for (int number = 0; number < 20; number++)
            {
                await ForeignProgram.RunAsync("logger", "--socket", socket, "--tag", "fwd", "--priority", "user.info", $"message {number}");
            }

            JsonElement[] messages = await ReadAsync(20);
            Assert.Equal(Enumerable.Range(0, 20).Select(static number => $"1|6|fwd||message {number}|0"), messages.Select(Fields));
        }
        finally
        {
            rsyslog.Kill(entireProcessTree: true);
            await rsyslog.WaitForExitAsync();
        }
    }

    [SkippableTheory]
    [InlineData(1)]
    [InlineData(20, "--syslog-proto")]
    [InlineData(20, "--syslog-proto", "--no-framing")]
    public async Task Loggen_messages_all_arrive(int connections, params string[] options)
    {
        ForeignProgram.Require("loggen", "syslog-ng-core");

        string output = await ForeignProgram.RunAsync(
            "loggen", ["--inet", "--stream", "--rate", "1000", "--interval", "1", "--size", "200", "--active-connections", $"{connections}", .. options, Host, Port]);

        int count = int.Parse(Count().Match(output).Groups["count"].Value, CultureInfo.InvariantCulture);
        Assert.True(count > 0, output);
        JsonElement[] messages = await ReadAsync(count);
        Assert.All(messages, static message => Assert.Equal("0", message.GetProperty("flags").GetRawText()));
        Assert.Equal(connections, messages.Select(static message => message.GetProperty("connection").GetInt64()).Distinct().Count());
    }

    [GeneratedRegex("average rate.*count=(?<count>[0-9]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Count();

    private static async Task<string> ExitOutputAsync(Process process) => process.HasExited ? await process.StandardError.ReadToEndAsync() : "";

    private static string Fields(JsonElement message) =>
        string.Join('|', message.GetProperty("facility"), message.GetProperty("severity"), Text(message, "app"), Text(message, "process"), Text(message, "message").Trim(), message.GetProperty("flags"));

    private static string Text(JsonElement line, string name) => line.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";

    private async Task<JsonElement[]> ReadAsync(int count)
    {
        await Deadline.UntilAsync(() => _service.Metrics.Stored >= count && _service.Metrics.Waiting == 0, () => $"{count} messages are stored, not {_service.Metrics.Stored}");
        JsonElement[] messages = [.. (await File.ReadAllLinesAsync(_directory["writer-0.jsonl"])).Select(static line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(count, messages.Length);
        return messages;
    }
}
