using Ingest.Tests.Support;

namespace Ingest.Tests.Serving;

/// <summary>Tests the command <c>serve</c> with more clients than file descriptors.</summary>
public class DescriptorLimitTests
{
    private const int Clients = 2_000;
    private const int AtOnce = 500;

    [Fact]
    public async Task Service_with_400_descriptors_serves_2000_clients_and_reports_why_some_wait()
    {
        // Only the emulated engine can open with this limit. Each connection needs one descriptor for its socket and one for its file.
        using ServeProcess serve = await ServeProcess.StartAsync(static arguments => IngestProcess.StartAfter("ulimit -n 400", new Dictionary<string, string>(), arguments), ["--engine", "emulated"]);
        byte[] sent = TestClient.Bytes(10_000, seed: 7);
        string reason = "";
        for (int wave = 0; wave < Clients / AtOnce; wave++)
        {
            // All clients of a wave connect before one of them ends. Most of them therefore wait in the backlog.
            TestClient[] clients = await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => BeginAsync(serve, sent)));
            reason = await serve.Process.ErrorLineAsync(static line => line.Contains("stops accepting, peers wait in the backlog", StringComparison.Ordinal), "the process says why clients wait");
            await Task.WhenAll(clients.Select(client => EndAsync(client, sent)));
        }

        Assert.Contains(" of 400 file descriptors are used", reason, StringComparison.Ordinal);
        Assert.Equal(new ServeSummary(Clients, Clients, 0, (long)Clients * sent.Length, 0), await serve.StopAsync());
    }

    private static async Task<TestClient> BeginAsync(ServeProcess serve, byte[] bytes)
    {
        TestClient client = await TestClient.ConnectAsync(serve.EndPoint);
        await client.SendAsync(bytes.AsMemory(0, bytes.Length / 2));
        return client;
    }

    private static async Task EndAsync(TestClient client, byte[] bytes)
    {
        using (client)
        {
            await client.SendAsync(bytes.AsMemory(bytes.Length / 2));
            client.ShutdownSend();
            await client.AssertClosedByPeerAsync();
        }
    }
}
