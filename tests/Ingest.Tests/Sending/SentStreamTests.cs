using System.Net;
using Ingest.Sending;

namespace Ingest.Tests.Sending;

/// <summary>Tests how the demo parses what the sender prints.</summary>
public class SentStreamTests
{
    [Fact]
    public void Sent_stream_is_equal_after_formatting_and_parsing() =>
        Assert.All(Streams(), stream => Assert.Equal(stream, SentStream.Parse(stream.ToString())));

    [Theory]
    [InlineData("")]
    [InlineData("8 streams, 1.0 GiB in 1.6 s, 640.0 MiB/s")]
    [InlineData("sent 127.0.0.1:1 x sha256 aa")]
    [InlineData("sent 127.0.0.1:1 5 md5 aa")]
    public void Line_that_is_not_a_sent_stream_is_not_parsed(string line) => Assert.Null(SentStream.Parse(line));

    private static SentStream[] Streams() =>
    [
        new(new IPEndPoint(IPAddress.Loopback, 5), 1L << 40, new string('a', 64), null),
        new(new IPEndPoint(IPAddress.IPv6Loopback, 65535), 0, new string('0', 64), null),
        new(new IPEndPoint(IPAddress.Loopback, 5), 17, "", "Connection reset by peer"),
        new(null, 0, "", "Connection refused"),
    ];
}
