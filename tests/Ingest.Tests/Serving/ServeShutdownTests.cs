using Ingest.Tests.Support;

namespace Ingest.Tests.Serving;

/// <summary>
/// Tests SIGINT and SIGTERM. Received bytes must be written, no connection may delay the end forever, and the exit code must be 0.
/// </summary>
public class ServeShutdownTests
{
    [Theory]
    [InlineData(Signals.Interrupt)]
    [InlineData(Signals.Terminate)]
    public async Task Signal_ends_the_server_with_its_summary(int signal)
    {
        using ServeProcess serve = await ServeProcess.StartAsync();

        Assert.Equal(new ServeSummary(0, 0, 0, 0, 0), await serve.StopAsync(signal));
    }

    [Fact]
    public async Task Silent_clients_do_not_delay_the_shutdown()
    {
        using ServeProcess serve = await ServeProcess.StartAsync("--drain", "60m");
        using TestClient silent = await TestClient.ConnectAsync(serve.EndPoint);
        using TestClient talked = await TestClient.ConnectAsync(serve.EndPoint);
        await talked.SendAsync(TestClient.Bytes(10, seed: 4));
        await serve.PartAsync(silent.Local, 0);
        await serve.PartAsync(talked.Local, 10);

        ServeSummary summary = await serve.StopAsync();

        Assert.Equal(new ServeSummary(2, 0, 2, 10, 0), summary);
        Assert.Equal(10, new FileInfo(serve.FindFile(talked.Local, complete: false)!).Length);
    }

    [Fact]
    public async Task Arrived_bytes_are_written_before_the_program_ends()
    {
        using ServeProcess serve = await ServeProcess.StartAsync();
        // The bytes fit into the first receive window. All of them are therefore in the receiver's socket when the send has completed.
        byte[] sent = TestClient.Bytes(32 * 1024, seed: 5);
        using TestClient client = await TestClient.ConnectAsync(serve.EndPoint);
        await serve.PartAsync(client.Local, 0);
        await client.SendAsync(sent);

        ServeSummary summary = await serve.StopAsync();

        Assert.Equal(sent, await File.ReadAllBytesAsync(serve.FindFile(client.Local, complete: false)!));
        Assert.Equal(new ServeSummary(1, 0, 1, sent.Length, 0), summary);
    }

    [Fact]
    public async Task Client_that_never_stops_sending_is_disconnected_after_the_drain_time()
    {
        using ServeProcess serve = await ServeProcess.StartAsync("--drain", "200ms");
        using TestClient client = await TestClient.ConnectAsync(serve.EndPoint);
        byte[] chunk = TestClient.Bytes(64 * 1024, seed: 6);
        Task sending = Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    await client.SendAsync(chunk);
                }
            }
            catch (System.Net.Sockets.SocketException)
            {
                // The service has reset the connection, as the test expects.
            }
        });
        await serve.PartAsync(client.Local, 1024 * 1024);

        ServeSummary summary = await serve.StopAsync();

        await Deadline.Within(sending);
        Assert.Equal((1, 1, 0), (summary.Connections, summary.Broken, summary.Leases));
        Assert.Equal(summary.Bytes, new FileInfo(serve.FindFile(client.Local, complete: false)!).Length);
    }
}
