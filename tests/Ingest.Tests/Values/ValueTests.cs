using System.Net;
using Ingest.Display;
using Ingest.Serving;
using Ingest.Values;

namespace Ingest.Tests.Values;

/// <summary>Tests how values on the command line are parsed, and how values are formatted for the screen.</summary>
public class ValueTests
{
    [Theory]
    [InlineData("500ms", 0.5, "500ms")]
    [InlineData("5s", 5, "5s")]
    [InlineData("1.5s", 1.5, "1.5s")]
    [InlineData("2m", 120, "2m")]
    [InlineData("0s", 0, "0s")]
    public void Durations_are_parsed_and_formatted(string text, double seconds, string shown)
    {
        Assert.Null(DurationText.AtLeast(TimeSpan.Zero)(text, out Duration value));
        Assert.Equal(TimeSpan.FromSeconds(seconds), value.Time);
        Assert.Equal(shown, value.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("5")]
    [InlineData("-5s")]
    [InlineData("5 h")]
    [InlineData("99999999999999999999s")]
    public void Invalid_durations_are_refused(string text) => Assert.NotNull(DurationText.AtLeast(TimeSpan.Zero)(text, out _));

    [Theory]
    [InlineData("127.0.0.1:9000")]
    [InlineData("[::]:0")]
    [InlineData("[::1]:65535")]
    public void Local_address_is_equal_after_parsing_and_formatting(string text)
    {
        Assert.Null(EndPointText.ReadLocal(text, out IPEndPoint value));
        Assert.Equal(text, value.ToString());
    }

    [Fact]
    public void Remote_end_point_may_be_a_name()
    {
        Assert.Null(EndPointText.ReadRemote("example.org:80", out EndPoint value));
        Assert.Equal(new DnsEndPoint("example.org", 80), value);
    }

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KiB")]
    [InlineData(1L << 30, "1.0 GiB")]
    [InlineData(5000L << 40, "5000.0 TiB")]
    public void Byte_counts_are_formatted_with_a_binary_unit(long bytes, string shown) => Assert.Equal(shown, Quantity.Bytes(bytes));

    [Theory]
    [InlineData("127.0.0.1:80", "20300102T030405.006Z_127.0.0.1_80_7.bin")]
    [InlineData("[::ffff:10.0.0.1]:80", "20300102T030405.006Z_10.0.0.1_80_7.bin")]
    [InlineData("[fe80::1%3]:80", "20300102T030405.006Z_fe80--1-3_80_7.bin")]
    public void File_name_contains_time_peer_and_number(string remote, string name) =>
        Assert.Equal(name, FileName.Of(new DateTimeOffset(2030, 1, 2, 3, 4, 5, 6, TimeSpan.Zero), IPEndPoint.Parse(remote), 7));

    [Fact]
    public void File_without_a_peer_has_a_name() =>
        Assert.Equal("20300102T030405.006Z_unknown_7.bin", FileName.Of(new DateTimeOffset(2030, 1, 2, 3, 4, 5, 6, TimeSpan.Zero), null, 7));
}
