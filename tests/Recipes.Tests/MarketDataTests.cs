using System.Globalization;
using System.Text;
using Recipes.Tests.Support;

namespace Recipes.Tests;

public class MarketDataTests
{
    private const string Last = "END 1\n";

    [Fact]
    public async Task Every_subscriber_gets_the_last_tick_of_every_symbol_and_none_out_of_order()
    {
        const int Subscribers = 100;
        await using RecipeHost host = await StartAsync();
        Client[] subscribers = await Task.WhenAll(Enumerable.Range(0, Subscribers).Select(_ => Client.ConnectAsync(host.EndPoints[1])));
        using Client feed = await Client.ConnectAsync(host.EndPoints[0]);
        for (int price = 1; price <= 200; price++)
        {
            await feed.SendAsync(string.Create(CultureInfo.InvariantCulture, $"ACME {price}\r\nINITECH {price}\n"));
        }

        await feed.SendAsync(Last);
        string[] received = await Task.WhenAll(subscribers.Select(ReadUpToLastAsync));
        foreach (string ticks in received)
        {
            foreach (string symbol in (string[])["ACME", "INITECH"])
            {
                int[] prices = Prices(ticks, symbol);
                Assert.Equal(200, prices[^1]);
                Assert.Equal(prices.Order(), prices);
            }
        }

        Array.ForEach(subscribers, static subscriber => subscriber.Dispose());
        feed.Dispose();
        await host.NoConnectionsAsync();
        Assert.Empty(host.Problems);
    }

    [Fact]
    public async Task Subscriber_that_does_not_read_misses_ticks_and_does_not_slow_the_feed_down()
    {
        const int Prices = 60_000;
        await using RecipeHost host = await StartAsync();
        using Client slow = await Client.ConnectAsync(host.EndPoints[1], receiveBuffer: 4096);
        using Client feed = await Client.ConnectAsync(host.EndPoints[0]);
        string padding = new('x', 200);
        StringBuilder ticks = new();
        for (int price = 1; price <= Prices; price++)
        {
            ticks.Append(CultureInfo.InvariantCulture, $"ACME {price} {padding}\n");
        }

        // These 12 MB do not fit into the sockets. The server must receive the whole feed although the subscriber reads nothing.
        await feed.SendAsync(ticks.ToString());
        await feed.SendAsync(Last);
        feed.EndSending();
        Assert.Empty(await feed.ReadToEndAsync());

        int[] received = MarketDataTests.Prices(await ReadUpToLastAsync(slow), "ACME");
        Assert.Equal(Prices, received[^1]);
        Assert.Equal(received.Order(), received);
        Assert.True(received.Length < Prices, "nothing was replaced");
    }

    [Fact]
    public async Task Subscriber_that_ends_its_side_is_disconnected()
    {
        await using RecipeHost host = await StartAsync();
        Assert.Empty(await Client.ConverseAsync(host.EndPoints[1], "bye"u8.ToArray()));
        await host.NoConnectionsAsync();
        Assert.Empty(host.Problems);
    }

    [Fact]
    public async Task New_subscriber_gets_the_last_tick_of_each_symbol_first()
    {
        await using RecipeHost host = await StartAsync();
        using Client first = await Client.ConnectAsync(host.EndPoints[1]);
        using Client feed = await Client.ConnectAsync(host.EndPoints[0]);
        await feed.SendAsync("ACME 1\nACME 2\n" + Last);
        await ReadUpToLastAsync(first);

        using Client second = await Client.ConnectAsync(host.EndPoints[1]);
        string[] snapshot = Encoding.ASCII.GetString(await second.ReadAsync("ACME 2\n".Length + Last.Length)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["ACME 2", "END 1"], snapshot.Order());
    }

    [Fact]
    public async Task Feed_that_breaks_or_sends_garbage_ends_alone_and_reset_subscribers_leave_no_connection()
    {
        await using RecipeHost host = await StartAsync();
        using Client feed = await Client.ConnectAsync(host.EndPoints[0]);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(async i =>
        {
            using Client subscriber = await Client.ConnectAsync(host.EndPoints[1]);
            await feed.SendAsync(string.Create(CultureInfo.InvariantCulture, $"S{i} 1\n"));
            await subscriber.SendAsync("garbage");
            subscriber.Reset();
        }));
        using Client garbage = await Client.ConnectAsync(host.EndPoints[0]);
        await garbage.SendAsync(new string('x', 1000));
        await garbage.IsResetAsync();

        using Client subscriber = await Client.ConnectAsync(host.EndPoints[1]);
        await feed.SendAsync(Last);
        Assert.Contains(Last, await ReadUpToLastAsync(subscriber), StringComparison.Ordinal);
        subscriber.Dispose();
        feed.Dispose();
        await host.NoConnectionsAsync();
        Assert.Empty(host.Problems);
    }

    private static Task<RecipeHost> StartAsync() => RecipeHost.StartAsync(static services => MarketData.Add(services, RecipeHost.AnyPort, RecipeHost.AnyPort));

    private static async Task<string> ReadUpToLastAsync(Client subscriber)
    {
        StringBuilder text = new("\n");
        byte[] buffer = new byte[65536];
        int read;
        do
        {
            read = await subscriber.Socket.ReceiveAsync(buffer.AsMemory()).AsTask().Within("the last tick arrives");
            Assert.True(read > 0, "the connection ended before the last tick");
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
            // The last tick may be followed by ticks of other symbols.
        }
        while (!text.ToString(int.Max(0, text.Length - read - Last.Length - 1), int.Min(text.Length, read + Last.Length + 1)).Contains($"\n{Last}", StringComparison.Ordinal));
        return text.ToString();
    }

    private static int[] Prices(string ticks, string symbol) =>
    [
        .. ticks.Split('\n').Where(tick => tick.StartsWith(symbol + " ", StringComparison.Ordinal)).Select(static tick => int.Parse(tick.Split(' ')[1], CultureInfo.InvariantCulture)),
    ];
}
