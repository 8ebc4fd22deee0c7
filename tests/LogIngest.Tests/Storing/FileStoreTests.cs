using System.Text;
using System.Text.Json;
using LogIngest.Reporting;
using LogIngest.Tests.Support;
using Zcrx.Actors;

namespace LogIngest.Tests.Storing;

public sealed class FileStoreTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Messages_of_both_framings_are_json_lines_with_their_key()
    {
        await using ServiceHost service = await StartAsync();

        Assert.True(await Client.SendAsync(service.EndPoint, "<165>1 2003-10-11T22:14:15.003Z host app 12 ID47 [a b=\"c\"] first\n<14>Oct 11 22:14:15 old tag[7]: second"u8.ToArray()));
        Assert.True(await Client.SendAsync(service.EndPoint, "11 <13>1 - - -20 <13>1 - h a - - - ok\n"u8.ToArray()));

        JsonElement[] lines = await ReadAsync(service);
        Assert.Equal(4, lines.Length);
        JsonElement first = lines.Single(static line => Text(line, "message") == "first");
        Assert.Equal("20|5|2003-10-11T22:14:15.003Z|host|app|12|ID47|[a b=\"c\"]|0", string.Join('|',
            first.GetProperty("facility"), first.GetProperty("severity"), first.GetProperty("sent"), Text(first, "host"), Text(first, "app"), Text(first, "process"), Text(first, "message_id"), Text(first, "data"), first.GetProperty("flags")));
        Assert.Equal("127.0.0.1", Text(first, "source"));
        Assert.Equal(4, lines.Select(static line => (line.GetProperty("boot").GetGuid(), line.GetProperty("connection").GetInt64(), line.GetProperty("position").GetInt64())).Distinct().Count());
        Assert.Single(lines.Select(static line => line.GetProperty("boot").GetGuid()).Distinct());
        Assert.Equal("old|tag|7|second", string.Join('|', lines.Where(static line => Text(line, "host") == "old").Select(static line => $"{Text(line, "host")}|{Text(line, "app")}|{Text(line, "process")}|{Text(line, "message")}")));
    }

    [Fact]
    public async Task Malformed_input_with_the_option_store_is_stored_as_received()
    {
        await using ServiceHost service = await StartAsync("--LogIngest:MaxMessageLength", "500", "--LogIngest:Writers", "1");
        byte[] stream = [.. "<999>bad\n<13>z"u8, 0xff, .. "\n<13>"u8, .. Enumerable.Repeat((byte)'l', 700), (byte)'\n'];

        Assert.True(await Client.SendAsync(service.EndPoint, stream));
        Assert.True(await Client.SendAsync(service.EndPoint, "7 <13>x\0y"u8.ToArray()));

        JsonElement[] lines = await ReadAsync(service);
        Assert.Equal([8, 16 | 32, 1 | 16, 1 | 8, 16 | 64], lines.Select(static line => line.GetProperty("flags").GetInt32()));
        Assert.Equal("<999>bad", Text(lines[0], "message"));
        Assert.Equal([.. "<13>z"u8, 0xff], lines[1].GetProperty("raw").GetBytesFromBase64());
        Assert.Equal(700, Text(lines[2], "message").Length + Text(lines[3], "message").Length);
        Assert.Equal("<13>x\0y"u8.ToArray(), lines[4].GetProperty("raw").GetBytesFromBase64());
        Assert.Equal(5, service.Metrics.Flagged);
        Assert.Equal(0, service.Metrics.Refused);
    }

    [Fact]
    public async Task Malformed_input_with_the_option_refuse_is_counted_and_not_stored()
    {
        await using ServiceHost service = await StartAsync("--bad-input", "refuse");

        Assert.True(await Client.SendAsync(service.EndPoint, [.. "<999>bad\n<13>z"u8, 0xff, .. "\n<13>good\nlast has no line feed"u8]));
        Assert.False(await Client.SendAsync(service.EndPoint, "7 <13>x\0y7 <13>abcx"u8.ToArray()));

        await Deadline.UntilAsync(() => service.Metrics.BrokenConnections == 1, "the refused connection is counted");
        JsonElement[] lines = await ReadAsync(service);
        Assert.Equal(["abc", "good"], lines.Select(static line => Text(line, "message")).Order(StringComparer.Ordinal));
        Assert.Equal(4, service.Metrics.Refused);
        Assert.Equal(0, service.Metrics.Waiting);
    }

    [Fact]
    public async Task A_stop_stores_what_has_arrived()
    {
        await using ServiceHost service = await StartAsync("--LogIngest:BatchDelay", "00:01:00", "--LogIngest:BatchSize", "1000");
        using System.Net.Sockets.TcpClient client = new();
        await client.ConnectAsync(service.EndPoint);
        await client.GetStream().WriteAsync("<13>1 - h a - - - waits\n"u8.ToArray());
        await Deadline.UntilAsync(() => service.Metrics.Received == 1, "the message arrives");
        Assert.Equal(0, service.Metrics.Stored);

        await service.StopAsync().Within("the service stops");

        Assert.Equal("waits", Text(Assert.Single(await ReadAsync(service)), "message"));
        Assert.Equal(0, service.Metrics.BrokenConnections);
    }

    [Fact]
    public async Task Stop_inside_a_line_stores_the_whole_messages_and_resets_the_sender()
    {
        await using ServiceHost service = await StartAsync();
        using System.Net.Sockets.Socket sender = await Client.ConnectAsync(service.EndPoint);
        // One segment carries both lines. When the complete line is stored, the incomplete one has arrived, too.
        await sender.SendAsync("<13>1 - h a - - - whole\n<13>last"u8.ToArray());
        await Deadline.UntilAsync(() => service.Metrics.Stored == 1, "the whole message is stored");

        await service.StopAsync().Within("the service stops");

        System.Net.Sockets.SocketException error =
            await Assert.ThrowsAsync<System.Net.Sockets.SocketException>(() => sender.ReceiveAsync(new byte[1]).Within("the connection ends"));
        Assert.Equal(System.Net.Sockets.SocketError.ConnectionReset, error.SocketErrorCode);
        Assert.Equal("whole", Text(Assert.Single(await ReadAsync(service)), "message"));
    }

    [Fact]
    public async Task Unfinished_line_of_a_killed_process_is_removed()
    {
        string path = _directory["writer-0.jsonl"];
        await File.WriteAllTextAsync(path, "{\"message\":\"whole\"}\n{\"message\":\"unfin");

        await using ServiceHost service = await StartAsync("--LogIngest:Writers", "1");
        Assert.True(await Client.SendAsync(service.EndPoint, "<13>1 - h a - - - next\n"u8.ToArray()));

        Assert.Equal(["whole", "next"], (await File.ReadAllLinesAsync(path)).Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("message").GetString()));
    }

    [Fact]
    public async Task Two_services_with_one_directory_keep_each_others_messages()
    {
        await using ServiceHost old = await StartAsync("--LogIngest:Writers", "1");
        Assert.True(await Client.SendAsync(old.EndPoint, "<13>1 - h a - - - old-1\n"u8.ToArray()));
        await using (ServiceHost next = await StartAsync("--LogIngest:Writers", "1"))
        {
            Assert.True(await Client.SendAsync(next.EndPoint, "<13>1 - h a - - - next-1\n"u8.ToArray()));
            Assert.True(await Client.SendAsync(old.EndPoint, "<13>1 - h a - - - old-2\n"u8.ToArray()));
            Assert.True(await Client.SendAsync(next.EndPoint, "<13>1 - h a - - - next-2\n"u8.ToArray()));
        }

        await using ServiceHost last = await StartAsync("--LogIngest:Writers", "1");
        Assert.True(await Client.SendAsync(last.EndPoint, "<13>1 - h a - - - last\n"u8.ToArray()));

        Assert.Equal(["last", "next-1", "next-2", "old-1", "old-2"], (await ReadAsync(last)).Select(static line => Text(line, "message")).Order(StringComparer.Ordinal));
        // The second service has ended, so the third one writes to its file.
        Assert.Equal(["writer-0.1.jsonl", "writer-0.jsonl"], Directory.EnumerateFiles(_directory.Path, "*.jsonl").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Directory_that_cannot_be_written_degrades_health_and_every_message_is_stored_or_counted()
    {
        string path = _directory["writer-0.jsonl"];
        Directory.CreateDirectory(path);
        await using ServiceHost service = await StartAsync("--LogIngest:Writers", "1", "--bad-input", "refuse");
        Task<bool> sending = Client.SendAsync(service.EndPoint, "<13>1 - h a - - - patient\n<999>bad\n"u8.ToArray());

        await Deadline.UntilAsync(() => service.Metrics.FailedBatches > 1, "the store fails more than once");
        Assert.Contains("2 messages wait", (await service.GetHealthAsync("store")).Description, StringComparison.Ordinal);
        Assert.False(sending.IsCompleted);
        Assert.Equal(0, service.Metrics.Refused);
        Directory.Delete(path);

        Assert.True(await sending.Within("the message is stored"));
        Assert.Equal("patient", Text(Assert.Single(await ReadAsync(service)), "message"));
        Assert.Equal((1, 1), (service.Metrics.Stored, service.Metrics.Refused));
        Assert.Equal(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy, (await service.GetHealthAsync("store")).Status);
    }

    private Task<ServiceHost> StartAsync(params string[] arguments) => ServiceHost.StartAsync(["--store", "file", "--directory", _directory.Path, .. arguments]);

    private async Task<JsonElement[]> ReadAsync(ServiceHost service)
    {
        await Deadline.UntilAsync(() => service.Metrics.Waiting == 0, "everything is stored");
        List<JsonElement> lines = [];
        foreach (string path in Directory.EnumerateFiles(_directory.Path, "*.jsonl"))
        {
            lines.AddRange((await File.ReadAllLinesAsync(path, Encoding.UTF8)).Select(static line => JsonDocument.Parse(line).RootElement));
        }

        return [.. lines];
    }

    private static string Text(JsonElement line, string name) => line.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";
}
