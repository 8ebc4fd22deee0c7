using Ingest.Tests.Support;

namespace Ingest.Tests.Serving;

/// <summary>Tests files that cannot be written. Each of them must end only its own connection, with a message.</summary>
public class ServeFaultTests
{
    [Fact]
    public async Task File_that_cannot_be_created_resets_only_its_connection()
    {
        using ServeProcess serve = await ServeProcess.StartAsync();
        Directory.Delete(serve.Directory);

        using TestClient refused = await TestClient.ConnectAsync(serve.EndPoint);
        await refused.AssertResetByPeerAsync();
        string complaint = await serve.Process.ErrorLineAsync(line => line.Contains($"{refused.Local}", StringComparison.Ordinal), "the refused connection is reported");
        Assert.Contains("its file cannot be created", complaint, StringComparison.Ordinal);

        Directory.CreateDirectory(serve.Directory);
        using TestClient accepted = await TestClient.ConnectAsync(serve.EndPoint);
        await accepted.SendAsync(new byte[] { 1, 2, 3 });
        accepted.ShutdownSend();
        Assert.Equal([1, 2, 3], await serve.FileAsync(accepted.Local));
        Assert.Equal(new ServeSummary(2, 1, 1, 3, 0), await serve.StopAsync());
    }

    [Fact]
    public async Task Write_that_fails_breaks_only_its_connection()
    {
        // The limit on the file size, 2048 blocks of 512 bytes, simulates a full disk. The same write fails, only with another errno.
        const int Limit = 1024 * 1024;
        using ServeProcess serve = await ServeProcess.StartAsync(
            arguments => IngestProcess.StartAfter("trap '' XFSZ; ulimit -f 2048", NoLargeFiles, arguments), []);
        byte[] sent = TestClient.Bytes(Limit - 1, seed: 7);
        using TestClient good = await TestClient.ConnectAsync(serve.EndPoint);
        await good.SendAsync(sent.AsMemory(0, 1000));

        using TestClient bad = await TestClient.ConnectAsync(serve.EndPoint);
        Task<Exception?> sending = Record.ExceptionAsync(() => bad.SendAsync(new byte[64 * Limit]));
        string complaint = await serve.Process.ErrorLineAsync(line => line.Contains($"{bad.Local}", StringComparison.Ordinal), "the failed write is reported");
        Assert.Contains("given up after", complaint, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", complaint, StringComparison.Ordinal);
        Assert.IsType<System.Net.Sockets.SocketException>(await Deadline.Within(sending));

        await good.SendAsync(sent.AsMemory(1000));
        good.ShutdownSend();
        Assert.Equal(sent, await serve.FileAsync(good.Local));
        ServeSummary summary = await serve.StopAsync();
        Assert.Equal((2, 1, 1, 0), (summary.Connections, summary.Complete, summary.Broken, summary.Leases));
    }

    [Fact]
    public async Task Complete_file_that_cannot_be_renamed_resets_its_connection()
    {
        using ServeProcess serve = await ServeProcess.StartAsync();
        using TestClient client = await TestClient.ConnectAsync(serve.EndPoint);
        await client.SendAsync(new byte[] { 1, 2, 3 });
        string[] parts = [];
        await Deadline.UntilAsync(() => (parts = Directory.GetFiles(serve.Directory, "*.part")).Length == 1, "the file is created");
        // The directory has the final name of the file, so that the file cannot be renamed.
        Directory.CreateDirectory(parts[0][..^".part".Length]);

        client.ShutdownSend();

        await client.AssertResetByPeerAsync();
        string complaint = await serve.Process.ErrorLineAsync(line => line.Contains($"{client.Local}", StringComparison.Ordinal), "the file is reported");
        Assert.Contains("its file keeps the suffix .part", complaint, StringComparison.Ordinal);
        Assert.Equal(new ServeSummary(1, 0, 1, 3, 0), await serve.StopAsync());
    }

    // With write-xor-execute, the runtime maps its code through a file that is larger than the limit.
    private static readonly Dictionary<string, string> NoLargeFiles = new() { ["DOTNET_EnableWriteXorExecute"] = "0" };
}
