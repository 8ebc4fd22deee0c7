using System.Text;
using LogIngest.Settings;
using LogIngest.Tests.Support;

namespace LogIngest.Tests.Syslog;

public sealed class SyslogFramingTests : IAsyncLifetime
{
    private const string Long = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ";

    private FramingQueue _queue = null!;

    public async Task InitializeAsync() => _queue = await FramingQueue.OpenAsync();

    public async Task DisposeAsync()
    {
        await Deadline.UntilAsync(() => _queue.BuffersOut == 0, () => $"all buffers are back, not {_queue.BuffersOut} out");
        await _queue.DisposeAsync();
    }

    public static TheoryData<string, string[]> Streams => new()
    {
        { "<1>a\n<2>bc\n", ["None: <1>a", "None: <2>bc"] },
        { "<1>a\r\n\n\n<2>b\n", ["None: <1>a\r", "None: <2>b"] },
        { "<1>a\n<2>b", ["None: <1>a", "Unterminated: <2>b"] },
        { "4 <1>a5 <2>bc", ["None: <1>a", "None: <2>bc"] },
        // A line feed inside a counted message is a part of it. Line feeds between counted messages are skipped.
        { "5 <1>a\n\n4 <2>b\n", ["None: <1>a\n", "None: <2>b"] },
        { "4 <1>a\n\n\n\n4 <2>b", ["None: <1>a", "None: <2>b"] },
        // The first byte of a stream selects lines or counts. After a "<", a number at the start of a line is not a count.
        { "<1>a\n4 <2>b\n", ["None: <1>a", "None: 4 <2>b"] },
        { "no priority\n", ["None: no priority"] },
        { "0 <1>a\n", ["None: 0 <1>a"] },
        // The count is too small, so the rest of the message has no count. Framing continues after the next line feed.
        { "3 <1>abc\n4 <2>b", ["None: <1>", "BadFraming: abc", "None: <2>b"] },
        { "4 <1>a0 x\n4 <2>b", ["None: <1>a", "BadFraming: 0 x", "None: <2>b"] },
        { "4 <1>a12x <3>c\n4 <2>b", ["None: <1>a", "BadFraming: 12x <3>c", "None: <2>b"] },
        { "4 <1>a99999999999 <3>c\n4 <2>b", ["None: <1>a", "BadFraming: 99999999999 <3>c", "None: <2>b"] },
        // The count is too large, so the stream ends before the message.
        { "4 <1>a50 <2>b", ["None: <1>a", "BadFraming, Unterminated: <2>b"] },
        { "4 <1>a50", ["None: <1>a", "BadFraming, Unterminated: 50"] },
        { "4 <1>a\n4 <2>b\nx", ["None: <1>a", "None: <2>b", "BadFraming, Unterminated: x"] },
        // A NUL ends a message, as a line feed does. A NUL and a line feed together end only one.
        { "\0\n<1>\0\n", ["None: <1>"] },
        { "<1>a\0<2>b\0", ["None: <1>a", "None: <2>b"] },
        { "<1>a\0<2>b", ["None: <1>a", "Unterminated: <2>b"] },
        { "<1>a\nb\0<2>c\n\0", ["None: <1>a", "None: b", "None: <2>c"] },
        // A counted message may contain a NUL. After a wrong count, only a line feed ends the message.
        { "5 <1>a\0x\0<2>\n4 <2>b", ["None: <1>a\0", "BadFraming: x\0<2>", "None: <2>b"] },
        { "\u00ff\u00fe<1>a\n", ["None: \u00ff\u00fe<1>a"] },
        { "", [] },
        { "\n\n", [] },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Messages_are_the_same_wherever_the_stream_is_cut(string stream, string[] expected)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(stream);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            string[] messages = await _queue.ReceiveAsync(BadInputPolicy.Store, bytes[..cut], bytes[cut..]);
            Assert.True(expected.SequenceEqual(messages), $"cut at {cut}: {string.Join(" / ", messages)}");
        }
    }

    [Theory]
    [InlineData("<1>a\n4 <2>b\n<3>")]
    [InlineData("4 <1>a6 <2>bcd\n3 <3>9")]
    public async Task Messages_are_the_same_in_single_bytes(string stream)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(stream);

        Assert.Equal(
            await _queue.ReceiveAsync(BadInputPolicy.Store, bytes),
            await _queue.ReceiveAsync(BadInputPolicy.Store, [.. bytes.Select(static value => new[] { value })]));
    }

    [Theory]
    [InlineData("4 <1>ax\n4 <2>b", "no octet count is where the next message should begin")]
    [InlineData("4 <1>a50 <2>b", "the stream ended inside a counted message")]
    public async Task Lost_framing_with_the_option_refuse_ends_the_connection_after_the_complete_messages(string stream, string cause) =>
        Assert.Equal(["None: <1>a", $"error: {cause}"], await _queue.ReceiveAsync(BadInputPolicy.Refuse, Encoding.Latin1.GetBytes(stream)));

    [Theory]
    [InlineData(496)]
    [InlineData(497)]
    [InlineData(499)]
    public async Task Counted_message_that_the_stream_truncates_near_the_limit_is_stored(int length)
    {
        string text = string.Concat(Enumerable.Repeat(Long, 6))[..length];

        string[] messages = await _queue.ReceiveAsync(BadInputPolicy.Store, Encoding.Latin1.GetBytes($"500 {text}"));

        Assert.Equal([$"BadFraming, Unterminated: {text}"], messages);
    }

    [Theory]
    [InlineData(500, 1)]
    [InlineData(501, 2)]
    [InlineData(1000, 2)]
    [InlineData(1250, 3)]
    public async Task Message_over_the_limit_is_cut_into_flagged_pieces(int length, int pieces)
    {
        string text = string.Concat(Enumerable.Repeat(Long, 13))[..length];
        foreach (string stream in (string[])[$"{text}\n<1>next\n", $"{length} {text}7 <1>next"])
        {
            // The stream without counts must not start with a digit, which would select counts.
            bool isCounted = !stream.EndsWith('\n');
            byte[] bytes = Encoding.Latin1.GetBytes(isCounted ? stream : $"x{stream[1..]}");
            string whole = isCounted ? text : $"x{text[1..]}";

            string[] messages = await _queue.ReceiveAsync(BadInputPolicy.Store, bytes);

            Assert.Equal(pieces + 1, messages.Length);
            string flags = pieces > 1 ? "TooLong: " : "None: ";
            Assert.All(messages[..^1], message => Assert.StartsWith(flags, message, StringComparison.Ordinal));
            Assert.Equal(whole, string.Concat(messages[..^1].Select(message => message[flags.Length..])));
            Assert.Equal("None: <1>next", messages[^1]);
        }
    }

    [Fact]
    public async Task Nul_ends_a_message_over_the_limit()
    {
        string text = string.Concat(Enumerable.Repeat($"x{Long}", 6))[..600];

        string[] messages = await _queue.ReceiveAsync(BadInputPolicy.Store, Encoding.Latin1.GetBytes($"{text}\0<1>a\nb\0"));

        Assert.Equal([$"TooLong: {text[..500]}", $"TooLong: {text[500..]}", "None: <1>a", "None: b"], messages);
    }

    [Fact]
    public async Task Line_over_the_limit_is_not_cut_inside_a_character()
    {
        // Each euro sign has three bytes. The limit of a piece falls inside a euro sign.
        byte[] bytes = Encoding.UTF8.GetBytes("<1>a" + string.Concat(Enumerable.Repeat("\u20ac", 400)) + "\n");

        string[] messages = await _queue.ReceiveAsync(BadInputPolicy.Store, bytes);

        byte[][] pieces = [.. messages.Select(static message => Encoding.Latin1.GetBytes(message["TooLong: ".Length..]))];
        Assert.Equal(3, pieces.Length);
        Assert.All(pieces, static piece => Assert.True(System.Text.Unicode.Utf8.IsValid(piece)));
        Assert.Equal(bytes[..^1], pieces.SelectMany(static piece => piece));
    }

    [Theory]
    [InlineData((byte)'x')]
    [InlineData((byte)0x80)]
    public async Task A_megabyte_without_trailer_arrives_in_pieces(byte value)
    {
        byte[] bytes = [.. "<1>"u8, .. Enumerable.Repeat(value, 1 << 20)];

        string[] messages = await _queue.ReceiveAsync(BadInputPolicy.Store, [.. bytes.Chunk(10_000)]);

        Assert.Equal(bytes.Length, messages.Sum(static message => message.Length - message.IndexOf(": ", StringComparison.Ordinal) - 2));
        Assert.All(messages[..^1], static message => Assert.StartsWith("TooLong: ", message, StringComparison.Ordinal));
        Assert.StartsWith("TooLong, Unterminated: ", messages[^1], StringComparison.Ordinal);
    }
}
