namespace Zcrx.Rx.Tests.Listening;

public class ListenEndPointTests
{
    [Theory]
    [InlineData("127.0.0.1:9000", "127.0.0.1:9000")]
    [InlineData("0.0.0.0:0", "0.0.0.0:0")]
    [InlineData("[::]:9000", "[::]:9000")]
    [InlineData("[::1]:65535", "[::1]:65535")]
    [InlineData("*:80", "[::]:80")]
    [InlineData("localhost:80", "127.0.0.1:80")]
    [InlineData(" 10.0.0.1:80 ", "10.0.0.1:80")]
    public void Addresses_are_parsed(string text, string expected)
    {
        Assert.True(ListenEndPoint.TryParse(text, out var endPoint));
        Assert.Equal(expected, endPoint.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("9000")]
    [InlineData(":9000")]
    [InlineData("::1")]
    [InlineData("::1:9000")]
    [InlineData("[::1]")]
    [InlineData("[127.0.0.1]:9000")]
    [InlineData("127.1:9000")]
    [InlineData("127.0.0.1:")]
    [InlineData("127.0.0.1:-1")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("example.org:80")]
    public void Ambiguous_texts_are_refused(string? text)
    {
        Assert.False(ListenEndPoint.TryParse(text, out _));
        Assert.Throws<FormatException>(() => ListenEndPoint.Parse(text!));
    }
}
