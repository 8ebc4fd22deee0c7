using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Ingest.Sending;
using Ingest.Tests.Support;

namespace Ingest.Tests.Sending;

/// <summary>Tests the command <c>send</c> with a receiver that is not part of Zcrx.</summary>
public class SendTests
{
    [Fact]
    public async Task Sent_bytes_have_the_given_length_and_the_reported_hash()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using IngestProcess process = IngestProcess.Start("send", "--to", $"{listener.LocalEndpoint}", "--volume", "100001", "--seed", "9");

        using MemoryStream received = new();
        using (NetworkStream stream = new(await Deadline.Within(listener.AcceptSocketAsync()), ownsSocket: true))
        {
            await Deadline.Within(stream.CopyToAsync(received));
        }

        ProcessResult result = await process.ExitAsync();
        Assert.Equal(0, result.ExitCode);
        Assert.Equal(100001, received.Length);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(received.ToArray())), SentStream.Parse(result.Output[0])!.Sha256);
    }

    [Fact]
    public async Task Send_to_a_receiver_that_resets_fails()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        using IngestProcess process = IngestProcess.Start("send", "--to", $"{listener.LocalEndpoint}", "--volume", "1GiB");
        using (Socket socket = await Deadline.Within(listener.AcceptSocketAsync()))
        {
            // The sender is connected when its first byte has arrived.
            Assert.Equal(1, await Deadline.Within(socket.ReceiveAsync(new byte[1], SocketFlags.None, CancellationToken.None).AsTask()));
            socket.LingerState = new LingerOption(true, 0);
        }

        ProcessResult result = await process.ExitAsync();

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("failed 127.0.0.1:", result.Output[0], StringComparison.Ordinal);
        Assert.StartsWith("1 stream, 1 failed", result.Output[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_without_a_receiver_fails()
    {
        ProcessResult result = await IngestProcess.RunAsync("send", "--to", "127.0.0.1:1", "--connections", "2");

        Assert.Equal(1, result.ExitCode);
        Assert.Equal("failed - 0 Connection refused", result.Output[0]);
        Assert.StartsWith("2 streams, 2 failed", result.Output[^1], StringComparison.Ordinal);
    }
}
