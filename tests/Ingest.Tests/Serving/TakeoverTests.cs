using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Ingest.Tests.Support;

namespace Ingest.Tests.Serving;

/// <summary>Tests that one process replaces another one while clients connect continuously.</summary>
public sealed partial class TakeoverTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    private string Place => _directory["place"];

    private string Out => _directory["out"];

    [Fact]
    public async Task Takeover_under_load_refuses_no_client_and_loses_no_byte()
    {
        List<IngestProcess> processes = [Start()];
        try
        {
            IPEndPoint endPoint = await ListeningAsync(processes[0]);
            await using ArrivingClients clients = new(endPoint, count: 100);
            using TestClient established = await TestClient.ConnectAsync(endPoint);
            byte[] stream = TestClient.Bytes(300_000, seed: 11);
            await established.SendAsync(stream.AsMemory(0, 100_000));
            await clients.MoreAsync(200, () => Describe(processes, clients));
            for (int i = 1; i <= 3; i++)
            {
                IngestProcess next = Start();
                processes.Add(next);
                Assert.Equal(endPoint, await ListeningAsync(next));
                await processes[i - 1].ErrorLineAsync(line => line.Contains($"Process {next.Id} took over", StringComparison.Ordinal), "the old process reports the takeover");
                await next.ErrorLineAsync(line => line.Contains($"Took over from process {processes[i - 1].Id},", StringComparison.Ordinal), "the new process names the old one");
                await clients.MoreAsync(200, () => Describe(processes, clients));
                if (i == 1)
                {
                    // The old process still serves its connections. It ends with the last one and accepts no other.
                    Assert.False(processes[0].HasExited);
                    await established.SendAsync(stream.AsMemory(100_000));
                    established.ShutdownSend();
                    await established.AssertClosedByPeerAsync();
                }

                ProcessResult ended = await processes[i - 1].ExitAsync();
                Assert.True(ended.ExitCode == 0, ended.ToString());
                ServeSummary summary = ServeSummary.Parse(ended.Output[^1]);
                Assert.Equal((0, 0), (summary.Broken, summary.Leases));
            }

            await clients.StopAsync();
            Assert.True(clients.Failures.IsEmpty, Describe(processes, clients));
            processes[^1].Send(Signals.Terminate);
            Assert.Equal(0, (await processes[^1].ExitAsync()).ExitCode);

            Assert.Empty(Directory.GetFiles(Out, "*.part"));
            string[] received = [.. Directory.GetFiles(Out).Select(static path => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))))];
            string[] sent = [.. clients.Sent, Convert.ToHexString(SHA256.HashData(stream))];
            Assert.Equal(sent.Order(StringComparer.Ordinal), received.Order(StringComparer.Ordinal));
            Assert.False(File.Exists(Place));
        }
        finally
        {
            processes.ForEach(static process => process.Dispose());
        }
    }

    [Fact]
    public async Task Successor_that_cannot_start_does_not_affect_the_serving_process()
    {
        using IngestProcess first = Start();
        IPEndPoint endPoint = await ListeningAsync(first);

        // The engine nic cannot use lo, so this process fails after it has received the listeners.
        ProcessResult failed = await IngestProcess.RunAsync([.. Arguments, "--engine", "nic", "--interface", "lo"]);

        Assert.Equal(2, failed.ExitCode);
        await first.ErrorLineAsync(static line => line.Contains("Takeover failed; this process keeps serving", StringComparison.Ordinal), "the first one notices");
        using (TestClient client = await TestClient.ConnectAsync(endPoint))
        {
            client.ShutdownSend();
            await client.AssertClosedByPeerAsync();
        }

        using IngestProcess second = Start();
        Assert.Equal(endPoint, await ListeningAsync(second));
        Assert.Equal(0, (await first.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Killed_process_is_replaced_without_a_takeover()
    {
        using IngestProcess first = Start();
        await ListeningAsync(first);
        first.Send(Signals.Kill);
        await first.ExitAsync();
        Assert.True(File.Exists(Place));

        using IngestProcess second = Start();
        await ListeningAsync(second);
        second.Send(Signals.Terminate);
        ProcessResult ended = await second.ExitAsync();
        Assert.Equal(0, ended.ExitCode);
        Assert.DoesNotContain(ended.Error, static line => line.Contains("Took over", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Old_process_closes_its_connections_after_the_linger_time()
    {
        using IngestProcess first = Start("--linger", "100ms");
        using TestClient silent = await TestClient.ConnectAsync(await ListeningAsync(first));
        await silent.SendAsync(TestClient.Bytes(10, seed: 1));
        using IngestProcess second = Start();
        await ListeningAsync(second);
        ProcessResult ended = await first.ExitAsync();
        Assert.Equal(0, ended.ExitCode);
        Assert.Contains(ended.Error, static line => line.Contains("is over with 1 open connection(s)", StringComparison.Ordinal));
        Assert.Equal(new ServeSummary(1, 0, 1, 10, 0), ServeSummary.Parse(ended.Output[^1]));
    }

    [Fact]
    public async Task File_at_the_path_that_is_not_a_socket_is_kept()
    {
        await File.WriteAllTextAsync(Place, "precious");
        string line = (await IngestProcess.RunAsync(Arguments)).AssertRefusal();
        Assert.Contains("the path exists and is not a socket", line, StringComparison.Ordinal);
        Assert.Equal("precious", await File.ReadAllTextAsync(Place));
    }

    [Fact]
    public async Task Server_of_another_program_at_the_path_is_recognized()
    {
        using Socket server = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        server.Bind(new UnixDomainSocketEndPoint(Place));
        server.Listen();
        Task<ProcessResult> running = IngestProcess.RunAsync(Arguments);
        using (Socket accepted = await Deadline.Within(server.AcceptAsync()))
        {
            await accepted.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
            string line = (await running).AssertRefusal();
            Assert.Contains("not a message of this protocol", line, StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public async Task Process_of_another_user_is_refused_although_it_can_connect_to_the_socket()
    {
        ForeignProgram.Require("python3", "python3");
        Skip.IfNot(Environment.UserName == "root", "only root can become another user");
        using IngestProcess first = Start();
        await ListeningAsync(first);
        // An operator may set these permissions by mistake. The service must still refuse other users.
        await ForeignProgram.RunAsync("chmod 711 \"$1\" && chmod 666 \"$2\"", _directory.Path, Place);
        await ForeignProgram.RunAsync(
            "python3 -c 'import os,socket,sys; os.setgid(65534); os.setuid(65534); s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); b=s.recv(4096); sys.exit(b\"another user\" not in b)' \"$1\"", Place);
        await first.ErrorLineAsync(static line => line.Contains("belongs to another user (65534)", StringComparison.Ordinal), "the process says who came");
    }

    [Theory]
    [InlineData("")]
    [InlineData("/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890")]
    public async Task Paths_that_cannot_be_sockets_are_refused(string path)
    {
        string line = (await IngestProcess.RunAsync("serve", "--listen", "127.0.0.1:0", "--takeover", path)).AssertRefusal();
        Assert.Contains("a path of a socket", line, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private string[] Arguments => ["serve", "--listen", "127.0.0.1:0", "--out", Out, "--takeover", Place];

    private IngestProcess Start(params string[] more) => IngestProcess.Start([.. Arguments, "--engine", "emulated", .. more]);

    private static async Task<IPEndPoint> ListeningAsync(IngestProcess process)
    {
        string line = await process.LineAsync(static line => line.StartsWith("Listening on ", StringComparison.Ordinal), "`serve` says where it listens");
        return IPEndPoint.Parse(ListeningPattern().Match(line).Groups["where"].Value);
    }

    private static string Describe(List<IngestProcess> processes, ArrivingClients clients) =>
        $"{clients.Sent.Count} streams sent; failures: {string.Join("; ", clients.Failures)}\n{string.Join('\n', processes.Select(static process => process.Describe()))}";

    [GeneratedRegex("^Listening on (?<where>[^,]+),", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ListeningPattern();
}
