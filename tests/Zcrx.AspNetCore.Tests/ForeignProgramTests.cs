using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Zcrx.AspNetCore.Tests;

/// <summary>
/// Tests that client programs without .NET get the same results from the transport of Zcrx as from that of Kestrel. Each test runs once for
/// each transport.
/// </summary>
public sealed partial class ForeignProgramTests
{
    private const int DownloadBytes = 16 << 20;

    private static readonly long UploadMebibytes = long.Parse(Environment.GetEnvironmentVariable("ZCRX_UPLOAD_MIB") ?? "16", System.Globalization.CultureInfo.InvariantCulture);

    public static TheoryData<string> Transports => [WebServer.Sockets, WebServer.OnZcrx];

    public static TheoryData<string, bool, string> Curls => new()
    {
        { WebServer.Sockets, false, "--http1.1" }, { WebServer.OnZcrx, false, "--http1.1" },
        { WebServer.Sockets, false, "--http2-prior-knowledge" }, { WebServer.OnZcrx, false, "--http2-prior-knowledge" },
        { WebServer.Sockets, true, "--http1.1" }, { WebServer.OnZcrx, true, "--http1.1" },
        { WebServer.Sockets, true, "--http2" }, { WebServer.OnZcrx, true, "--http2" },
    };

    [SkippableTheory]
    [MemberData(nameof(Curls))]
    public async Task Curl_uploads_a_file_whose_hash_is_equal(string transport, bool tls, string version)
    {
        await using WebServer server = await StartAsync(transport, tls, version.StartsWith("--http2", StringComparison.Ordinal));
        string file = Path.GetTempFileName();
        try
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using (FileStream stream = File.OpenWrite(file))
            {
                Random random = new(20_251);
                byte[] block = new byte[1 << 20];
                for (long i = 0; i < UploadMebibytes; i++)
                {
                    random.NextBytes(block);
                    hash.AppendData(block);
                    await stream.WriteAsync(block);
                }
            }

            string output = await ForeignProgram.RunAsync("curl", "curl", "", "-sSk", version, "-X", "POST", "-H", "Expect:", "-T", file, $"{server.Address}/hash");

            Assert.Equal(Convert.ToHexString(hash.GetHashAndReset()), output.Trim());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Curls))]
    public async Task Curl_downloads_the_bytes_that_were_sent(string transport, bool tls, string version)
    {
        await using WebServer server = await StartAsync(transport, tls, version.StartsWith("--http2", StringComparison.Ordinal));
        string file = Path.GetTempFileName();
        try
        {
            _ = await ForeignProgram.RunAsync("curl", "curl", "", "-sSk", version, "-o", file, $"{server.Address}/bytes/{DownloadBytes}");

            Assert.Equal(SHA256.HashData(Payload.Create(DownloadBytes)), SHA256.HashData(await File.ReadAllBytesAsync(file)));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Transports))]
    public async Task Curl_reuses_one_connection_for_several_requests(string transport)
    {
        await using WebServer server = await StartAsync(transport, tls: false, http2: false);

        string output = await ForeignProgram.RunAsync("curl", "curl", "", "-sv", $"{server.Address}/hello", $"{server.Address}/hello", $"{server.Address}/hello");

        Assert.Equal(3, Hello().Count(output));
        Assert.Equal(2, Reused().Count(output));
    }

    [SkippableTheory]
    [MemberData(nameof(Transports))]
    public async Task Openssl_speaks_TLS_1_3_and_gets_an_answer(string transport)
    {
        await using WebServer server = await StartAsync(transport, tls: true, http2: false);

        // On both transports, Kestrel closes a connection without the TLS alert close_notify. Without -ignore_unexpected_eof, openssl would
        // report an error.
        string output = await ForeignProgram.RunAsync(
            "openssl", "openssl", "GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "s_client", "-connect", $"{server.EndPoint}", "-tls1_3", "-ign_eof", "-ignore_unexpected_eof", "-servername", "localhost");

        Assert.Contains("HTTP/1.1 200 OK", output, StringComparison.Ordinal);
        Assert.Contains("TLSv1.3", output, StringComparison.Ordinal);
        Assert.Equal(1, Hello().Count(output));
    }

    [SkippableTheory]
    [MemberData(nameof(Transports))]
    public async Task H2load_gets_an_answer_to_every_request(string transport)
    {
        await using WebServer server = await StartAsync(transport, tls: false, http2: true);

        string output = await ForeignProgram.RunAsync("h2load", "nghttp2-client", "", "-n", "2000", "-c", "16", "-m", "8", $"{server.Address}/hello");

        Assert.Contains("2000 succeeded, 0 failed, 0 errored, 0 timeout", output, StringComparison.Ordinal);
        Assert.Contains("status codes: 2000 2xx", output, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Transports))]
    public async Task H2load_over_TLS_uploads_on_many_streams(string transport)
    {
        await using WebServer server = await StartAsync(transport, tls: true, http2: true);
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, Payload.Create(64 << 10));

            string output = await ForeignProgram.RunAsync("h2load", "nghttp2-client", "", "-n", "200", "-c", "4", "-m", "8", "-d", file, $"{server.Address}/echo");

            Assert.Contains("200 succeeded, 0 failed, 0 errored, 0 timeout", output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Transports))]
    public async Task Nghttp_gets_a_body_of_many_frames(string transport)
    {
        await using WebServer server = await StartAsync(transport, tls: false, http2: true);

        string output = await ForeignProgram.RunAsync("nghttp", "nghttp2-client", "", "-ns", $"{server.Address}/bytes/{1 << 20}");

        Assert.Matches(@"200\s+1M\s+/bytes/1048576", output);
    }

    [SkippableTheory]
    [MemberData(nameof(Transports))]
    public async Task Wrk_reports_no_socket_error_and_no_bad_answer(string transport)
    {
        await using WebServer server = await StartAsync(transport, tls: false, http2: false);

        string output = await ForeignProgram.RunAsync("wrk", "wrk", "", "-t", "2", "-c", "32", "-d", "2s", $"{server.Address}/hello");

        Assert.Matches(@"[1-9]\d* requests in", output);
        Assert.DoesNotContain("Socket errors", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Non-2xx", output, StringComparison.Ordinal);
    }

    private static Task<WebServer> StartAsync(string transport, bool tls, bool http2) => WebServer.StartAsync(
        transport,
        tls,
        tls ? HttpProtocols.Http1AndHttp2 : http2 ? HttpProtocols.Http2 : HttpProtocols.Http1,
        static builder => builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Limits.MaxRequestBodySize = null));

    [GeneratedRegex("Hello", RegexOptions.None, 10_000)]
    private static partial Regex Hello();

    [GeneratedRegex("Re-using existing connection", RegexOptions.None, 10_000)]
    private static partial Regex Reused();
}
