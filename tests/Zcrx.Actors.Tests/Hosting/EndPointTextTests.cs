using Zcrx.Actors.Hosting;
using Zcrx.Actors.Options;

namespace Zcrx.Actors.Tests.Hosting;

public class EndPointTextTests
{
    [Theory]
    [InlineData("127.0.0.1:9000", "127.0.0.1:9000")]
    [InlineData("0.0.0.0:0", "0.0.0.0:0")]
    [InlineData("[::]:9000", "[::]:9000")]
    [InlineData("[::1]:65535", "[::1]:65535")]
    [InlineData("*:80", "[::]:80")]
    [InlineData("localhost:80", "127.0.0.1:80")]
    [InlineData(" 10.0.0.1:80 ", "10.0.0.1:80")]
    public void Addresses_are_read(string text, string expected)
    {
        Assert.True(EndPointText.TryParse(text, out var endPoint));
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
    public void What_could_mean_something_else_is_refused(string? text) => Assert.False(EndPointText.TryParse(text, out _));
}
