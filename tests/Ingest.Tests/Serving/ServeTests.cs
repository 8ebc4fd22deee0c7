using System.Net;
using System.Net.Sockets;
using Ingest.Tests.Support;

namespace Ingest.Tests.Serving;

/// <summary>
/// Tests the command <c>serve</c> with plain sockets as clients. Every file must contain exactly the bytes that were sent.
/// </summary>
public class ServeTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(1024 * 1024)]
    [InlineData(32 * 1024 * 1024)]
    public async Task A_stream_of_any_length_arrives_exactly(int length)
    {
        using ServeProcess serve = await ServeProcess.StartAsync();
        byte[] sent = TestClient.Bytes(length, seed: length);

        using TestClient client = await TestClient.ConnectAsync(serve.EndPoint);
        await client.SendAsync(sent);
        client.ShutdownSend();
        await client.AssertClosedByPeerAsync();

        Assert.Equal(sent, await serve.FileAsync(client.Local));
        Assert.Equal(new ServeSummary(1, 1, 0, length, 0), await serve.StopAsync());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Two_hundred_connections_at_once_arrive_exactly(int queues)
    {
        await ManyAsync(connections: 200, length: 64 * 1024 + 1, "--queues", $"{queues}");
    }

    [Fact]
    public async Task A_thousand_connections_at_once_arrive_exactly()
    {
        await ManyAsync(connections: 1000, length: 16 * 1024 + 1);
    }

    [Fact]
    public async Task A_pool_of_two_buffers_serves_fifty_connections()
    {
        // The pool is so small that it is always exhausted. Receiving pauses and resumes, and no byte may be lost.
        await ManyAsync(connections: 50, length: 256 * 1024 + 1, "--area", "8KiB");
    }

    [Fact]
    public async Task Bytes_that_are_sent_one_by_one_arrive_one_by_one()
    {
        using ServeProcess serve = await ServeProcess.StartAsync();
        byte[] sent = TestClient.Bytes(64, seed: 1);

        using TestClient client = await TestClient.ConnectAsync(serve.EndPoint);
        for (int i = 0; i < sent.Length; i++)
        {
            await client.SendAsync(sent.AsMemory(i, 1));
            // Waits until this byte is in the file. Each byte then arrives in a buffer of its own.
            await serve.PartAsync(client.Local, i + 1);
        }

        client.ShutdownSend();
        Assert.Equal(sent, await serve.FileAsync(client.Local));
        Assert.Equal(new ServeSummary(1, 1, 0, 64, 0), await serve.StopAsync());
    }

    [Fact]
    public async Task Stream_that_is_reset_does_not_affect_another()
    {
        using ServeProcess serve = await ServeProcess.StartAsync();
        byte[] sent = TestClient.Bytes(5000, seed: 2);
        using TestClient good = await TestClient.ConnectAsync(serve.EndPoint);
        await good.SendAsync(sent.AsMemory(0, 2000));

        using TestClient bad = await TestClient.ConnectAsync(serve.EndPoint);
        await bad.SendAsync(sent.AsMemory(0, 1000));
        await serve.PartAsync(bad.Local, 1000);
        bad.Reset();
        string complaint = await serve.Process.ErrorLineAsync(line => line.Contains($"{bad.Local}", StringComparison.Ordinal), "the reset connection is reported");
        Assert.Contains("broke off after 1000 B", complaint, StringComparison.Ordinal);
        Assert.Equal(sent[..1000], await File.ReadAllBytesAsync(serve.FindFile(bad.Local, complete: false)!));

        await good.SendAsync(sent.AsMemory(2000));
        good.ShutdownSend();
        Assert.Equal(sent, await serve.FileAsync(good.Local));
        Assert.Equal(new ServeSummary(2, 1, 1, 6000, 0), await serve.StopAsync());
    }

    [SkippableTheory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Listener_on_any_address_accepts_IPv4_and_IPv6(string address)
    {
        Skip.IfNot(Socket.OSSupportsIPv6, "this machine has no IPv6");
        using ServeProcess serve = await ServeProcess.StartOnAsync("[::]:0");

        using TestClient client = await TestClient.ConnectAsync(new IPEndPoint(IPAddress.Parse(address), serve.EndPoint.Port));
        await client.SendAsync(new byte[] { 1, 2 });
        client.ShutdownSend();

        Assert.Equal([1, 2], await serve.FileAsync(client.Local));
        await serve.Process.LineAsync(line => line.StartsWith($"{client.Local}: 2 B in ", StringComparison.Ordinal), "a line for the stream");
        Assert.Contains($"_{address.Replace(':', '-')}_", serve.FindFile(client.Local), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_without_a_directory_counts_bytes()
    {
        using IngestProcess process = IngestProcess.Start("serve", "--listen", "127.0.0.1:0");
        string line = await process.LineAsync(line => line.StartsWith("Listening on ", StringComparison.Ordinal), "`serve` says where it listens");
        Assert.Contains("counting bytes only", line, StringComparison.Ordinal);
        string endPoint = line["Listening on ".Length..line.IndexOf(',', StringComparison.Ordinal)];

        ProcessResult sent = await IngestProcess.RunAsync("send", "--to", endPoint, "--connections", "3", "--volume", "100KiB");

        Assert.Equal(0, sent.ExitCode);
        process.Send(Signals.Interrupt);
        ProcessResult served = await process.ExitAsync();
        Assert.Equal(0, served.ExitCode);
        Assert.Equal(new ServeSummary(3, 3, 0, 3 * 100 * 1024, 0), ServeSummary.Parse(served.Output[^1]));
    }

    [Fact]
    public async Task Sent_file_arrives_unchanged()
    {
        using ServeProcess serve = await ServeProcess.StartAsync();
        using TempDirectory directory = new();
        byte[] bytes = TestClient.Bytes(300_001, seed: 3);
        await File.WriteAllBytesAsync(directory["source"], bytes);

        ProcessResult result = await IngestProcess.RunAsync("send", "--to", $"{serve.EndPoint}", "--connections", "2", "--file", directory["source"]);

        Assert.True(result.ExitCode == 0, result.ToString());
        foreach (byte[] file in await serve.FilesAsync(2))
        {
            Assert.Equal(bytes, file);
        }
    }

    private static async Task ManyAsync(int connections, int length, params string[] arguments)
    {
        using ServeProcess serve = await ServeProcess.StartAsync(arguments);
        TestClient[] clients = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => TestClient.ConnectAsync(serve.EndPoint)));
        try
        {
            await Task.WhenAll(clients.Select(async (client, i) =>
            {
                await client.SendAsync(TestClient.Bytes(length, seed: i));
                client.ShutdownSend();
                await client.AssertClosedByPeerAsync();
            }));

            for (int i = 0; i < connections; i++)
            {
                byte[] file = await serve.FileAsync(clients[i].Local);
                Assert.True(TestClient.Bytes(length, seed: i).AsSpan().SequenceEqual(file), $"the bytes of connection {i} differ");
            }

            Assert.Equal(new ServeSummary(connections, connections, 0, (long)connections * length, 0), await serve.StopAsync());
        }
        finally
        {
            foreach (TestClient client in clients)
            {
                client.Dispose();
            }
        }
    }
}
