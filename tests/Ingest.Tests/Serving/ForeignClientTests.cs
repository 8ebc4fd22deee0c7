using System.Diagnostics;
using Ingest.Tests.Support;

namespace Ingest.Tests.Serving;

/// <summary>Tests the command <c>serve</c> with clients that are not part of Zcrx.</summary>
public class ForeignClientTests
{
    private const int Length = 3_000_001;

    [SkippableFact]
    public async Task Bytes_of_a_Python_client_are_stored_unchanged()
    {
        ForeignProgram.Require("python3", "python3");
        const string Program =
            """
            import socket, sys
            data = open(sys.argv[3], 'rb').read()
            for size in (len(data), 1, 0, 65537):
                with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as s:
                    s.sendall(data[:size])
                    s.shutdown(socket.SHUT_WR)
                    assert s.recv(1) == b''
            """;
        using ServeProcess serve = await ServeProcess.StartAsync();
        using TempDirectory directory = new();
        byte[] data = await WriteAsync(directory["data"], Length);
        await File.WriteAllTextAsync(directory["client.py"], Program);

        await ForeignProgram.RunAsync("exec python3 \"$1\" \"$2\" \"$3\" \"$4\"", directory["client.py"], $"{serve.EndPoint.Address}", $"{serve.EndPoint.Port}", directory["data"]);

        byte[][] files = await serve.FilesAsync(4);
        Assert.Equal([0, 1, 65537, Length], files.Select(file => file.Length).Order());
        Assert.All(files, file => Assert.True(data.AsSpan().StartsWith(file)));
        Assert.Equal(new ServeSummary(4, 4, 0, Length + 1 + 65537, 0), await serve.StopAsync());
    }

    [SkippableTheory]
    [InlineData("nc", "netcat-openbsd", "nc -N \"$1\" \"$2\" < \"$3\" || nc -q 0 \"$1\" \"$2\" < \"$3\"")]
    [InlineData("ncat", "ncat", "exec ncat --send-only \"$1\" \"$2\" < \"$3\"")]
    [InlineData("busybox", "busybox-static", "exec busybox nc \"$1\" \"$2\" < \"$3\"")]
    [InlineData("socat", "socat", "exec socat -u OPEN:\"$3\" TCP:\"$1\":\"$2\"")]
    public async Task Program_that_pipes_bytes_into_a_socket_delivers_all_of_them(string program, string package, string commandLine)
    {
        ForeignProgram.Require(program, package);
        using ServeProcess serve = await ServeProcess.StartAsync();
        using TempDirectory directory = new();
        byte[] data = await WriteAsync(directory["data"], Length);

        await ForeignProgram.RunAsync(commandLine, $"{serve.EndPoint.Address}", $"{serve.EndPoint.Port}", directory["data"]);

        Assert.Equal(data, (await serve.FilesAsync(1))[0]);
        Assert.Equal(new ServeSummary(1, 1, 0, Length, 0), await serve.StopAsync());
    }

    [SkippableFact]
    public async Task Upload_of_curl_is_stored_unchanged()
    {
        ForeignProgram.Require("curl", "curl");
        using ServeProcess serve = await ServeProcess.StartAsync();
        using TempDirectory directory = new();
        byte[] data = await WriteAsync(directory["data"], Length);

        // The service never replies, but curl waits for a reply. The test therefore kills curl when all bytes have arrived.
        using Process curl = ForeignProgram.Start("exec curl --silent --header Expect: --upload-file \"$2\" http://\"$1\"/", $"{serve.EndPoint}", directory["data"]);
        try
        {
            await Deadline.UntilAsync(
                () => serve.Parts.Any(path => new FileInfo(path).Length >= Length && Split(path).Body.Length == Length),
                () => $"curl's bytes\n{serve.Process.Describe()}");
        }
        finally
        {
            curl.Kill();
        }

        await serve.FilesAsync(1);
        (string head, byte[] body) = Split(serve.Complete[0]);
        Assert.StartsWith("PUT /", head, StringComparison.Ordinal);
        Assert.Equal(data, body);
        Assert.Equal(0, (await serve.StopAsync()).Leases);
    }

    private static (string Head, byte[] Body) Split(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        return end < 0 ? ("", []) : (System.Text.Encoding.ASCII.GetString(bytes, 0, end), bytes[(end + 4)..]);
    }

    private static async Task<byte[]> WriteAsync(string path, int length)
    {
        byte[] data = TestClient.Bytes(length, seed: 8);
        await File.WriteAllBytesAsync(path, data);
        return data;
    }
}
