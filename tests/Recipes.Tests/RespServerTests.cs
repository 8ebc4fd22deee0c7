using System.Globalization;
using System.Text;
using Recipes.Tests.Support;

namespace Recipes.Tests;

public class RespServerTests
{
    private const int Clients = 500;

    [Fact]
    public async Task Requests_are_answered_one_after_another()
    {
        await using RecipeHost host = await StartAsync();
        using Client client = await Client.ConnectAsync(host.EndPoints[0]);
        foreach ((string request, string reply) in ((string, string)[])
        [
            (Request("PING"), "+PONG\r\n"),
            (Request("PING", "hello"), "$5\r\nhello\r\n"),
            (Request("echo", "a\r\nb"), "$4\r\na\r\nb\r\n"),
            (Request("GET", "k"), "$-1\r\n"),
            (Request("SET", "k", "ä"), "+OK\r\n"),
            (Request("GET", "k"), "$1\r\nä\r\n"),
            (Request("SET", "empty", ""), "+OK\r\n"),
            (Request("GET", "empty"), "$0\r\n\r\n"),
            (Request("INCR", "n"), ":1\r\n"),
            (Request("INCR", "n"), ":2\r\n"),
            (Request("GET", "n"), "$1\r\n2\r\n"),
            (Request("INCR", "k"), "-ERR value is not an integer or out of range\r\n"),
            (Request("DEL", "k", "n", "none"), ":2\r\n"),
            (Request("GET", "n"), "$-1\r\n"),
            (Request("SET", "k"), "-ERR unknown command or wrong number of arguments\r\n"),
            (Request("FLUSHALL"), "-ERR unknown command or wrong number of arguments\r\n"),
            (Request("INCR", "n", "n"), "-ERR unknown command or wrong number of arguments\r\n"),
            ("*0\r\n", "-ERR unknown command or wrong number of arguments\r\n"),
        ])
        {
            await client.SendAsync(request);
            await client.ExpectAsync(reply);
        }

        Assert.Empty(host.Problems);
    }

    [Fact]
    public async Task Requests_in_any_pieces_are_answered_as_if_they_came_whole()
    {
        await using RecipeHost host = await StartAsync();
        using Client client = await Client.ConnectAsync(host.EndPoints[0]);
        string requests = Request("SET", "key", "value") + Request("GET", "key") + Request("PING") + Request("INCR", "number");
        foreach (char piece in requests)
        {
            await client.SendAsync(piece.ToString());
        }

        await client.ExpectAsync("+OK\r\n$5\r\nvalue\r\n+PONG\r\n:1\r\n");
    }

    [Fact]
    public async Task Value_of_the_maximum_length_is_returned_whole()
    {
        const int Length = 1 << 20;
        await using RecipeHost host = await StartAsync();
        byte[] value = new byte[Length];
        new Random(1).NextBytes(value);
        byte[] header = Encoding.ASCII.GetBytes($"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${Length}\r\n");
        byte[] request = [.. header, .. value, .. "\r\n"u8, .. Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Request("GET", "k"), 8)))];
        byte[] one = [.. Encoding.ASCII.GetBytes($"${Length}\r\n"), .. value, .. "\r\n"u8];

        byte[] reply = await Client.ConverseAsync(host.EndPoints[0], request);

        Assert.True(reply.AsSpan().SequenceEqual([.. "+OK\r\n"u8, .. one, .. one, .. one, .. one, .. one, .. one, .. one, .. one]), $"{reply.Length} bytes arrived");
    }

    [Fact]
    public async Task Clients_that_send_everything_and_half_close_before_they_read_get_every_reply()
    {
        await using RecipeHost host = await StartAsync();
        string requests = string.Concat(Enumerable.Range(0, 20).Select(static i => Request("SET", $"k{i}", $"value {i}") + Request("GET", $"k{i}")));
        string replies = string.Concat(Enumerable.Range(0, 20).Select(static i => $"+OK\r\n${$"value {i}".Length}\r\nvalue {i}\r\n"));

        byte[][] received = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Client.ConverseAsync(host.EndPoints[0], Encoding.ASCII.GetBytes(requests))));

        Assert.Equal(Clients, received.Count(reply => Encoding.ASCII.GetString(reply) == replies));
        await host.NoConnectionsAsync();
        Assert.Empty(host.Problems);
    }

    [Fact]
    public async Task Resets_amid_requests_leave_no_connection_and_other_clients_are_served()
    {
        await using RecipeHost host = await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async i =>
        {
            using Client client = await Client.ConnectAsync(host.EndPoints[0]);
            string whole = string.Concat(Enumerable.Repeat(Request("SET", "k", new string('x', 1000)) + Request("GET", "k"), 10));
            await client.SendAsync(whole[..(whole.Length - (i % 100))]);
            client.Reset();
        }));
        await host.NoConnectionsAsync();
        Assert.Equal("+PONG\r\n"u8.ToArray(), await Client.ConverseAsync(host.EndPoints[0], Encoding.ASCII.GetBytes(Request("PING"))));
        Assert.Empty(host.Problems);
    }

    [Theory]
    [InlineData("*3\r\n+SET\r\n", "invalid bulk length")]
    [InlineData("*1\r\n$-1\r\n", "invalid bulk length")]
    [InlineData("*2\r\n$4\r\nECHO\r\n$1048577\r\n", "invalid bulk length")]
    [InlineData("*99999999999\r\n", "invalid multibulk length")]
    [InlineData("*x\r\n", "invalid multibulk length")]
    [InlineData("PING\r\n", "invalid multibulk length")]
    [InlineData("*1\r\n$4\r\nPINGxx*1\r\n", "a value must end with CRLF")]
    [InlineData("*2\r\n$3\r\nECHO\r\n$1\r\na\r\n", "a value must end with CRLF")]
    [InlineData("*1\r\n$4\r\nPING\r\nxx\r\n", "invalid multibulk length")]
    public async Task Bytes_that_are_not_a_request_are_answered_with_an_error_before_the_connection_ends(string garbage, string error)
    {
        await using RecipeHost host = await StartAsync();
        using Client client = await Client.ConnectAsync(host.EndPoints[0]);
        await client.SendAsync(Request("PING") + garbage);
        string replies = garbage.Contains("PING\r\nxx", StringComparison.Ordinal) ? "+PONG\r\n+PONG\r\n" : "+PONG\r\n";
        await client.ExpectAsync($"{replies}-ERR Protocol error: {error}\r\n");
        Assert.Empty(await client.ReadToEndAsync());
        await host.NoConnectionsAsync();
        Assert.Empty(host.Problems);
    }

    [Fact]
    public async Task Line_without_an_end_is_refused()
    {
        await using RecipeHost host = await StartAsync();
        using Client client = await Client.ConnectAsync(host.EndPoints[0]);
        await client.SendAsync(new string('*', 100));
        await client.ExpectAsync("-ERR Protocol error: a length is expected\r\n");
    }

    [Fact]
    public async Task Random_bytes_end_only_their_connections()
    {
        await using RecipeHost host = await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(async seed =>
        {
            byte[] garbage = new byte[2000];
            new Random(seed).NextBytes(garbage);
            garbage[0] = seed % 2 == 0 ? (byte)'*' : garbage[0];
            using Client client = await Client.ConnectAsync(host.EndPoints[0]);
            await client.SendAsync(garbage);
            client.EndSending();
            await client.IsResetAsync();
        }));
        await host.NoConnectionsAsync();
        Assert.Empty(host.Problems);
    }

    private static Task<RecipeHost> StartAsync() => RecipeHost.StartAsync(static services => RespServer.Add(services, RecipeHost.AnyPort));

    private static string Request(params string[] words) =>
        string.Create(CultureInfo.InvariantCulture, $"*{words.Length}\r\n{string.Concat(words.Select(static word => $"${word.Length}\r\n{word}\r\n"))}");
}
