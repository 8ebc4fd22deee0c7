using System.Net;
using Ingest.Demo;
using Ingest.Sending;
using Ingest.Serving;
using Zcrx.Rx;

namespace Ingest.Tests.Demo;

/// <summary>Tests that the verdict reports every problem, and none if there is none.</summary>
public class VerdictTests
{
    private const long Volume = 1000;
    private static readonly string Hash = new('a', 64);
    private static readonly string OtherHash = new('b', 64);

    [Fact]
    public void Intact_streams_pass_the_verdict()
    {
        Verdict verdict = Judge([Sent(1), Sent(2)], [Received(2), Received(1)]);

        Assert.True(verdict.Success);
        Assert.Empty(verdict.Problems);
        Assert.Equal("2 of 2 streams intact, 2.0 KiB in 2.0 s, 1000 B/s", verdict.Text);
    }

    [Fact]
    public void Stream_with_different_bytes_fails_the_verdict() => Fails([Sent(1), Sent(2)], [Received(1), Received(2, hash: OtherHash)], "127.0.0.1:2: the bytes differ: SHA-256 bbbbbbbbbbbbbbbb… instead of aaaaaaaaaaaaaaaa…");

    [Fact]
    public void Swapped_streams_fail_the_verdict() => Fails(
        [Sent(1), Sent(2, hash: OtherHash)], [Received(1, hash: OtherHash), Received(2)], "127.0.0.1:1: the bytes differ: SHA-256 bbbbbbbbbbbbbbbb… instead of aaaaaaaaaaaaaaaa…");

    [Fact]
    public void Stream_with_missing_bytes_fails_the_verdict() => Fails([Sent(1), Sent(2)], [Received(1), Received(2, bytes: 999)], "127.0.0.1:2: 999 bytes arrived, 1000 were sent");

    [Fact]
    public void Stream_that_was_sent_incompletely_fails_the_verdict() => Fails([Sent(1), Sent(2, bytes: 999)], [Received(1), Received(2, bytes: 999)], "127.0.0.1:2: 999 bytes were sent instead of 1000");

    [Fact]
    public void Stream_that_never_arrived_fails_the_verdict() => Fails([Sent(1), Sent(2)], [Received(1)], "127.0.0.1:2: did not arrive");

    [Fact]
    public void Stream_that_has_not_ended_fails_the_verdict() => Fails(
        [Sent(1), Sent(2)], [Received(1), new ReceivedStream(At(2), 500, null)], "127.0.0.1:2: has not ended, at 500 of 1000 bytes");

    [Fact]
    public void Stream_that_broke_fails_the_verdict() => Fails(
        [Sent(1), Sent(2)], [Received(1), new ReceivedStream(At(2), 500, new StreamEnd("", "reset", 0))], "127.0.0.1:2: broke after 500 bytes: reset");

    [Fact]
    public void Stream_that_could_not_be_sent_fails_the_verdict() => Fails(
        [Sent(1), new SentStream(null, 0, "", "refused")], [Received(1)], "a stream: sending ended after 0 B: refused");

    [Fact]
    public void Sender_that_reports_too_few_streams_fails_the_verdict() =>
        Fails([Sent(1)], [Received(1)], "the sender reports 1 stream instead of 2");

    [Fact]
    public void Stream_that_the_sender_did_not_report_fails_the_verdict() => Fails([Sent(1), Sent(2)], [Received(1), Received(2), Received(3)], "127.0.0.1:3: the sender did not report this stream");

    [Fact]
    public void Two_streams_with_one_address_fail_the_verdict() => Fails([Sent(1), Sent(2)], [Received(1), Received(2), Received(2)], "a stream from 127.0.0.1:2 has the address of another stream");

    [Fact]
    public void Lost_buffers_fail_the_verdict() =>
        Fails([Sent(1), Sent(2)], [Received(1), Received(2)], "3 buffers were never returned", buffersOut: 3);

    [Fact]
    public void Demo_that_ends_early_fails_although_every_stream_is_intact()
    {
        Verdict verdict = Judge([Sent(1), Sent(2)], [Received(1), Received(2)], ending: "stalled");

        Assert.False(verdict.Success);
        Assert.StartsWith("stalled: 2 of 2 streams intact", verdict.Text, StringComparison.Ordinal);
    }

    private static void Fails(SentStream[] sent, ReceivedStream[] received, string problem, int buffersOut = 0)
    {
        Verdict verdict = Judge(sent, received, buffersOut: buffersOut);

        Assert.False(verdict.Success);
        Assert.Contains(problem, verdict.Problems);
    }

    private static Verdict Judge(SentStream[] sent, ReceivedStream[] received, string? ending = null, int buffersOut = 0)
    {
        ReceiveOptions receive = new(At(0), ZcrxEngine.Auto, null, 0, 1, 64.MiB(), TimeSpan.Zero);
        DemoOptions options = new(2, Volume, 1, receive, TimeSpan.FromSeconds(1));
        return Verdict.Of(options, sent, received, TimeSpan.FromSeconds(2), ending, buffersOut);
    }

    private static SentStream Sent(int port, long bytes = Volume, string? hash = null) => new(At(port), bytes, hash ?? Hash, null);

    private static ReceivedStream Received(int port, long bytes = Volume, string? hash = null) => new(At(port), bytes, new StreamEnd(hash ?? Hash, null, 0));

    private static IPEndPoint At(int port) => new(IPAddress.Loopback, port);
}
