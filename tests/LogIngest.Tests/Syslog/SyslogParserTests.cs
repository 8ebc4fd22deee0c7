using System.Text;
using LogIngest.Syslog;

namespace LogIngest.Tests.Syslog;

public sealed class SyslogParserTests
{
    private static readonly DateTime Received = new(2026, 11, 27, 10, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData("<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\"] An event",
        "165|2003-10-11T22:14:15.0030000Z|mymachine.example.com|evntslog||ID47|[exampleSDID@32473 iut=\"3\"]|An event|None")]
    [InlineData("<34>1 2003-10-11T22:14:15.003-07:00 host su 7 - - 'su root' failed", "34|2003-10-12T05:14:15.0030000Z|host|su|7|||'su root' failed|None")]
    [InlineData("<0>1 - - - - - -", "0|||||||" + "|None")]
    [InlineData("<0>1 - - - - - - ", "0|||||||" + "|None")]
    [InlineData("<13>1 - h a p m [a b=\"x]\\\"y\"][c] text", "13||h|a|p|m|[a b=\"x]\\\"y\"][c]|text|None")]
    [InlineData("<13>1 2026-01-01T00:00:00.1234567890Z h a p m - text", "13||||||" + "|1 2026-01-01T00:00:00.1234567890Z h a p m - text|NoHeader")]
    [InlineData("<13>1 2026-13-01T00:00:00Z h a p m - text", "13||||||" + "|1 2026-13-01T00:00:00Z h a p m - text|NoHeader")]
    [InlineData("<13>1 - h a p m [unclosed text", "13||||||" + "|1 - h a p m [unclosed text|NoHeader")]
    [InlineData("<13>1 - h a p m x text", "13||||||" + "|1 - h a p m x text|NoHeader")]
    [InlineData("<13>1 - h a", "13||||||" + "|1 - h a|NoHeader")]
    public void Structured_message_has_its_fields(string message, string expected) => Assert.Equal(expected, Describe(message));

    [Theory]
    [InlineData("<34>Oct 11 22:14:15 mymachine su: failed", "34|2026-10-11T22:14:15.0000000Z|mymachine|su||||failed|None")]
    [InlineData("<34>Jan  2 03:04:05 h sshd[123]: ok", "34|2027-01-02T03:04:05.0000000Z|h|sshd|123|||ok|None")]
    [InlineData("<34>Feb 29 03:04:05 h a: b", "34||||||" + "|Feb 29 03:04:05 h a: b|NoHeader")]
    [InlineData("<34>2026-11-27T10:00:00.5+01:00 h prg[1]: seq", "34|2026-11-27T09:00:00.5000000Z|h|prg|1|||seq|None")]
    [InlineData("<38>2026-11-27T10:51:19 localhost prg00000[1234]: seq: 1", "38|2026-11-27T10:51:19.0000000Z|localhost|prg00000|1234|||seq: 1|None")]
    [InlineData("<34>Oct 11 22:14:15 h no tag here", "34|2026-10-11T22:14:15.0000000Z|h|||||no tag here|None")]
    [InlineData("<34>Oct 11 22:14:15 h tag[7 open", "34|2026-10-11T22:14:15.0000000Z|h|||||tag[7 open|None")]
    [InlineData("<34>Oct 11 22:14:15", "34||||||" + "|Oct 11 22:14:15|NoHeader")]
    [InlineData("<34>Xyz 11 22:14:15 h a: b", "34||||||" + "|Xyz 11 22:14:15 h a: b|NoHeader")]
    [InlineData("<34>anJ 11 22:14:15 h a: b", "34||||||" + "|anJ 11 22:14:15 h a: b|NoHeader")]
    [InlineData("<34>text", "34||||||" + "|text|NoHeader")]
    [InlineData("<34>", "34||||||" + "||NoHeader")]
    [InlineData("<34>text\r\n", "34||||||" + "|text|NoHeader")]
    public void Traditional_message_has_its_fields(string message, string expected) => Assert.Equal(expected, Describe(message));

    [Theory]
    [InlineData("")]
    [InlineData("text")]
    [InlineData("<")]
    [InlineData("<1")]
    [InlineData("<>text")]
    [InlineData("<192>text")]
    [InlineData("<1000>text")]
    [InlineData("<01>text")]
    [InlineData("<-1>text")]
    [InlineData("< 1>text")]
    [InlineData("<1 >text")]
    [InlineData("<1x")]
    public void Malformed_priority_leaves_the_message_as_text_of_the_default_priority(string message) =>
        Assert.Equal($"13||||||" + $"|{message}|BadPriority", Describe(message));

    [Fact]
    public void Bytes_that_are_not_text_are_flagged_and_the_header_is_read()
    {
        Assert.Equal("13|2026-10-11T22:14:15.0000000Z|h|a||||x\u00ffy|InvalidUtf8", Describe("<13>Oct 11 22:14:15 h a: x\u00ffy"));
        Assert.Equal("13|2026-10-11T22:14:15.0000000Z|h|a||||x\0y|NulBytes", Describe("<13>Oct 11 22:14:15 h a: x\0y"));
        // A header may contain only printable ASCII. Its fields can therefore always be stored.
        Assert.Equal("13||||||" + "|1 - h\u00ff a - - - x|NoHeader, InvalidUtf8", Describe("<13>1 - h\u00ff a - - - x"));
    }

    [Fact]
    public void Byte_order_mark_is_not_part_of_the_text() =>
        Assert.Equal("ok", Encoding.UTF8.GetString(SyslogParser.Parse("<13>1 - - - - - - \u00EF\u00BB\u00BFok".Select(static c => (byte)c).ToArray(), MessageFlags.None, Received).Text.Span));

    [Fact]
    public void Prefixes_and_mutations_of_messages_are_parsed_without_an_exception()
    {
        string[] seeds =
        [
            "<165>1 2003-10-11T22:14:15.003-07:00 mymachine.example.com evntslog 1 ID47 [exampleSDID@32473 iut=\"3\\\"\"] text",
            "<34>Oct 11 22:14:15 mymachine su[12]: failed",
        ];
        foreach (string seed in seeds)
        {
            byte[] bytes = Encoding.ASCII.GetBytes(seed);
            for (int position = 0; position < bytes.Length; position++)
            {
                Assert.Equal(position, SyslogParser.Parse(bytes.AsMemory(0, position), MessageFlags.None, Received).Raw.Length);
                foreach (byte value in (byte[])[0, (byte)' ', (byte)'[', (byte)']', (byte)'"', (byte)'<', (byte)'>', (byte)'9', (byte)'-', 0xff])
                {
                    byte[] mutated = [.. bytes];
                    mutated[position] = value;
                    Assert.InRange(SyslogParser.Parse(mutated, MessageFlags.None, Received).Priority, 0, 191);
                }
            }
        }
    }

    private static string Describe(string message)
    {
        SyslogMessage parsed = SyslogParser.Parse(Encoding.Latin1.GetBytes(message), MessageFlags.None, Received);
        ReadOnlyMemory<byte>[] fields = [parsed.Host, parsed.App, parsed.Process, parsed.MessageId, parsed.Data, parsed.Text];
        return $"{parsed.Priority}|{parsed.Sent:O}|{string.Join('|', fields.Select(static field => Encoding.Latin1.GetString(field.Span)))}|{parsed.Flags}";
    }
}
