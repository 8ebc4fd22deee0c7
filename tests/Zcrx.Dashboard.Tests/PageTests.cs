using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;
using Zcrx.AspNetCore;
using Xunit.Abstractions;
using Zcrx.Dashboard.Tests.Support;

namespace Zcrx.Dashboard.Tests;

/// <summary>
/// Tests the page in a browser. It shows a calm service, an exhausted pool, a storm, a crash, and ten thousand connections.
/// </summary>
[Collection(BrowserCollection.Name)]
public sealed partial class PageTests(Browser browser, ITestOutputHelper output)
{
    [SkippableFact]
    public async Task Calm_service_is_healthy_and_shows_rates_pools_and_connections()
    {
        await using Site site = await Site.StartAsync();
        await using Sender sender = new(site.Ingest, clients: 6);
        await using Visitor visitor = await browser.OpenAsync(site);

        await visitor.SeesAsync(visitor.Health, "Healthy");
        await visitor.SeesAsync(visitor.Page.Locator("#totals"), Rate());
        await visitor.SeesAsync(visitor.Card(site.Queue(0)).Locator(".legend"), "of 1,024 buffers leased");
        await visitor.SeesAsync(visitor.Page.Locator("#listeners"), "6 open, 6 accepted");
        await Assertions.Expect(visitor.Rows).ToHaveCountAsync(6);
        await visitor.SeesAsync(visitor.Page.Locator("#map"), "RX 1");
        await visitor.SeesEventAsync("is open with engine emulated");
        await Assertions.Expect(visitor.Page.Locator("#nodes-section")).ToBeHiddenAsync();
        await Assertions.Expect(visitor.Page.Locator(".chart canvas")).ToHaveCountAsync(2);
        await FillChartsAsync(visitor);
        await visitor.PhotographAsync("calm");
        visitor.AssertNoComplaints();
    }

    [SkippableFact]
    public async Task Exhausted_pool_appears_without_a_reload_and_recovers()
    {
        await using Site site = await Site.StartAsync();
        await using Visitor visitor = await browser.OpenAsync(site);
        await visitor.SeesAsync(visitor.Health, "Healthy");
        await using Sender sender = new(site.Ingest, clients: 6);

        site.Hold();

        await visitor.SeesEventAsync("is exhausted");
        await visitor.SeesAsync(visitor.Health, "Degraded");
        await visitor.SeesAsync(visitor.Cards.Filter(new() { HasText = "pool exhausted" }).First.Locator(".badge").Nth(1), "pool exhausted");
        await visitor.SeesAsync(visitor.Page.Locator("#connections tbody"), "paused: pool");
        await FillChartsAsync(visitor);
        await visitor.PhotographAsync("exhausted");

        site.Release();

        await visitor.SeesEventAsync("is back to normal");
        await visitor.SeesAsync(visitor.Health, "Healthy");
        visitor.AssertNoComplaints();
    }

    [SkippableFact]
    public async Task Storm_and_its_end_appear()
    {
        await using Site site = await Site.StartAsync();
        await using Sender sender = new(site.Ingest, clients: 6);
        await using Visitor visitor = await browser.OpenAsync(site);
        await visitor.SeesAsync(visitor.Health, "Healthy");

        site.BeginStorm();

        await visitor.SeesEventAsync("Copy storm on");
        await visitor.SeesAsync(visitor.Card(site.Queue(0)), "copy storm");
        await visitor.SeesAsync(visitor.Health, "Degraded");
        await FillChartsAsync(visitor);
        await visitor.PhotographAsync("storm");

        site.EndStorm();

        await visitor.SeesEventAsync("has ended");
        await visitor.SeesAsync(visitor.Health, "Healthy");
        await visitor.PhotographAsync("after-storm");
        visitor.AssertNoComplaints();
    }

    [SkippableFact]
    public async Task Crash_and_restart_appear_without_a_reload()
    {
        await using Site site = await Site.StartAsync(new SiteOptions { Backoff = TimeSpan.FromSeconds(4) });
        await using Sender sender = new(site.Ingest, clients: 6);
        await using Visitor visitor = await browser.OpenAsync(site, scheme: ColorScheme.Dark);
        await visitor.SeesAsync(visitor.Health, "Healthy");
        ILocator card = visitor.Card(site.Queue(1));
        await FillChartsAsync(visitor);

        site.Crash(site.Queue(1));

        await visitor.SeesAsync(card.Locator("header"), "Restarting");
        await visitor.SeesAsync(card.Locator(".problem"), "EBADF");
        await visitor.SeesAsync(visitor.Health, "Degraded");
        await visitor.PhotographAsync("crash");
        await visitor.SeesEventAsync($"Queue {site.Queue(1)} opened with engine");
        await visitor.SeesAsync(card.Locator("header"), "Open");
        await visitor.SeesAsync(visitor.Health, "Healthy");
        await visitor.PhotographAsync("restarted");
        visitor.AssertNoComplaints();
    }

    [SkippableFact]
    public async Task Event_is_on_the_page_within_two_seconds()
    {
        const int Most = 2000;
        await using Site site = await Site.StartAsync();
        await using Visitor visitor = await browser.OpenAsync(site);
        await visitor.SeesAsync(visitor.Health, "Healthy");
        await visitor.WatchDelaysAsync();

        // A busy machine may delay the events of a single round. If the page were updated too rarely, the events of every round would be
        // late.
        double median;
        double[] delays = [];
        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        do
        {
            int before = delays.Length;
            for (int crash = 0; crash < 3; crash++)
            {
                int seen = delays.Length;
                site.Crash(site.Queue(1));
                await Deadline.UntilAsync(async () => (delays = await visitor.GetDelaysAsync()).Length >= seen + 2, () => "the crash and the restart appear");
                await visitor.SeesAsync(visitor.Card(site.Queue(1)).Locator("header"), "Open");
            }

            double[] round = [.. delays[before..].Order()];
            median = round[round.Length / 2];
        }
        while (median >= Most && System.Diagnostics.Stopwatch.GetElapsedTime(began) < Deadline.Limit);

        output.WriteLine($"milliseconds from an event to the page: {string.Join(", ", delays)}");
        Assert.InRange(median, 0, Most);
        visitor.AssertNoComplaints();
    }

    [SkippableFact]
    public async Task Interface_that_goes_away_makes_the_service_unhealthy()
    {
        await using Site site = await Site.StartAsync();
        await using Visitor visitor = await browser.OpenAsync(site);
        await visitor.SeesAsync(visitor.Health, "Healthy");

        site.Nic.Remove();

        await visitor.SeesEventAsync("was given up");
        await visitor.SeesAsync(visitor.Health, "Unhealthy");
        await visitor.SeesAsync(visitor.Card(site.Queue(0)).Locator("header"), "Failed");
        visitor.AssertNoComplaints();
    }

    [SkippableFact]
    public async Task Html_of_a_peer_is_shown_as_text()
    {
        await using Site site = await Site.StartAsync();
        site.Fault = static received => new InvalidDataException($"unexpected {received}");
        await using Visitor visitor = await browser.OpenAsync(site);
        using Socket peer = new(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(site.Ingest);

        await peer.SendAsync("<img src=x onerror=alert(1)><script>alert(2)</script>"u8.ToArray());

        await visitor.SeesEventAsync("unexpected <img src=x onerror=alert(1)><script>alert(2)</script>");
        Assert.Equal(0, await visitor.Page.Locator("img, #events script").CountAsync());
        visitor.AssertNoComplaints();
    }

    [SkippableFact]
    public async Task Page_at_the_width_of_a_phone_does_not_scroll_sideways()
    {
        await using Site site = await Site.StartAsync(new SiteOptions { Map = WithCommands });
        await using Sender sender = new(site.Ingest, clients: 6);
        await using Visitor visitor = await browser.OpenAsync(site, width: 360, height: 780);
        await Assertions.Expect(visitor.Rows).ToHaveCountAsync(6);
        await visitor.SeesAsync(visitor.Health, "Healthy");
        await FillChartsAsync(visitor);
        await visitor.PhotographAsync("phone");

        Assert.Equal(360, await visitor.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        Assert.Equal("", await visitor.Page.EvaluateAsync<string>(
            "[...document.querySelectorAll('body *:not(.skip):not(.visually-hidden)')].filter(e => e.getBoundingClientRect().right > 360.5).map(e => e.outerHTML.slice(0, 80)).join('\\n')"));
        visitor.AssertNoComplaints();
    }

    [SkippableFact]
    public async Task Page_can_be_used_with_the_keyboard_alone()
    {
        await using Site site = await Site.StartAsync(new SiteOptions { Map = WithCommands });
        await using Sender sender = new(site.Ingest, clients: 2);
        await using Visitor visitor = await browser.OpenAsync(site);
        await Assertions.Expect(visitor.Rows).ToHaveCountAsync(2);
        await Assertions.Expect(visitor.Card(site.Queue(0)).GetByRole(AriaRole.Button, new() { Name = "Restart" })).ToBeVisibleAsync();
        HashSet<string> reached = [];
        for (int i = 0; i < 60; i++)
        {
            await visitor.Page.Keyboard.PressAsync("Tab");
            reached.Add(await visitor.Page.EvaluateAsync<string>("(document.activeElement.id || document.activeElement.textContent).trim()"));
        }

        Assert.Superset(new HashSet<string> { "theme", "Restart", "events-problems", "events", "filter-search", "filter-queue", "filter-state", "Leased", "Pause" }, reached);

        ILocator restart = visitor.Card(site.Queue(0)).GetByRole(AriaRole.Button, new() { Name = "Restart" });
        await restart.FocusAsync();
        await visitor.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(visitor.Page.Locator("#confirm")).ToBeVisibleAsync();
        await visitor.Page.Keyboard.PressAsync("Tab");
        await visitor.Page.Keyboard.PressAsync("Enter");

        await visitor.SeesAsync(visitor.Page.Locator("#result"), $"Queue {site.Queue(0)} is open again.");
        Assert.Equal(1, (await site.Zcrx.GetStatusAsync()).Queues[0].Restarts);
        visitor.AssertNoComplaints();
    }

    [SkippableFact]
    public async Task Connection_is_paused_resumed_and_moved_by_commands()
    {
        await using Site site = await Site.StartAsync(new SiteOptions { Map = WithCommands });
        using Socket peer = new(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(site.Ingest);
        await using Visitor visitor = await browser.OpenAsync(site);
        ILocator row = visitor.Rows.First;

        await row.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await visitor.SeesAsync(row.Locator(".state"), "paused");
        await row.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await visitor.SeesAsync(row.Locator(".state"), "receiving");
        string other = await row.Locator(".queue").TextContentAsync() == site.Queue(0) ? site.Queue(1) : site.Queue(0);
        await row.Locator("select").SelectOptionAsync(other);

        await visitor.SeesAsync(row.Locator(".queue"), other);
        await visitor.SeesEventAsync("(by a command)");
        visitor.AssertNoComplaints();
    }

    [SkippableTheory]
    [InlineData(ColorScheme.Light, 1360)]
    [InlineData(ColorScheme.Dark, 1360)]
    [InlineData(ColorScheme.Light, 360)]
    public async Task Axe_finds_no_accessibility_problem(ColorScheme scheme, int width)
    {
        await using Site site = await Site.StartAsync(new SiteOptions { Map = WithCommands });
        await using Sender sender = new(site.Ingest, clients: 6);
        await using Visitor visitor = await browser.OpenAsync(site, width, scheme: scheme);
        site.Hold();
        await visitor.SeesEventAsync("is exhausted");
        await Assertions.Expect(visitor.Rows).ToHaveCountAsync(6);

        AxeResult result = await visitor.Page.RunAxe();

        Assert.True(result.Passes.Length > 10, "axe has checked the page");
        Assert.Equal("", string.Join("\n", result.Violations.Select(static violation => $"{violation.Id}: {violation.Help} {string.Join(" | ", violation.Nodes.Select(static node => node.Html))}")));
    }

    [SkippableFact]
    public async Task Ten_thousand_connections_are_paged_sorted_and_filtered()
    {
        await using Site site = await Site.StartAsync();
        using ManyPeers peers = await ManyPeers.ConnectAsync(site.Ingest, 10_000);
        await using Visitor visitor = await browser.OpenAsync(site);
        ILocator text = visitor.Page.Locator("#page-text");

        await visitor.SeesAsync(text, "1–50 of 10,000");
        await visitor.PhotographAsync("many");
        await Assertions.Expect(visitor.Rows).ToHaveCountAsync(50);
        await visitor.Page.Locator("#page-last").ClickAsync();
        await visitor.SeesAsync(text, "9,951–10,000 of 10,000");
        await visitor.Page.Locator("#page-first").ClickAsync();
        await visitor.Page.Locator("#filter-queue").SelectOptionAsync(site.Queue(1));
        await visitor.SeesAsync(text, "(10,000 in all)");
        Assert.All(await visitor.Page.Locator("#connections tbody td.queue").AllTextContentsAsync(), name => Assert.Equal(site.Queue(1), name));
        await visitor.Page.Locator("#filter-queue").SelectOptionAsync("");
        await visitor.Page.Locator("#filter-search").FillAsync("no such peer");
        await visitor.SeesAsync(text, "none of 10,000 matches");
        visitor.AssertNoComplaints();
    }

    [SkippableFact]
    public async Task Page_of_a_service_that_stops_shows_that_its_data_is_old()
    {
        Site site = await Site.StartAsync();
        await using Visitor visitor = await browser.OpenAsync(site);
        await visitor.SeesAsync(visitor.Health, "Healthy");

        await site.DisposeAsync();

        await visitor.SeesAsync(visitor.Health, "Disconnected");
    }

    [SkippableFact]
    public async Task Page_shows_the_events_of_the_new_process_only_after_a_restart()
    {
        await using Site site = await Site.StartAsync();
        await using Visitor visitor = await browser.OpenAsync(site);
        await visitor.SeesEventAsync($"Queue {site.Queue(0)} is open");
        TaskCompletionSource isRestarted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int answers = 0;
        // The first reply comes from an earlier process. This process has more events than the site, and the numbers of the first ones are
        // the same. The page then reconnects to the site.
        await visitor.Page.RouteAsync("**/api/stream", async route =>
        {
            if (Interlocked.Increment(ref answers) > 1)
            {
                await isRestarted.Task;
                await route.ContinueAsync();
                return;
            }

            string events = string.Join(',', Enumerable.Range(1, 9).Select(static id =>
                $$"""{"id":{{id}},"version":{{id}},"time":"2026-01-01T00:00:00Z","level":"info","kind":"Old","count":1,"text":"Old event {{id}}."}"""));
            await route.FulfillAsync(new RouteFulfillOptions { ContentType = "text/event-stream", Body = $"retry: 10\nid: 0a-9\nevent: events\ndata: [{events}]\n\n" });
        });

        await visitor.Page.ReloadAsync();
        await visitor.SeesEventAsync("Old event 9.");
        isRestarted.SetResult();

        await visitor.SeesEventAsync($"Queue {site.Queue(0)} is open");
        await visitor.SeesEventAsync($"Queue {site.Queue(1)} is open");
        Assert.Equal(0, await visitor.Events.Filter(new() { HasText = "Old event" }).CountAsync());
    }

    [SkippableFact]
    public async Task Page_of_a_viewer_has_no_commands_and_does_not_ask_for_a_token()
    {
        await using Site site = await Site.StartAsync(new SiteOptions { Map = static app => app.MapZcrxDashboard("/zcrx").RequireAuthorization().MapCommands().RequireAuthorization("operators") });
        await using Visitor viewer = await browser.OpenAsync(site, role: "viewer");
        await using Visitor @operator = await browser.OpenAsync(site, role: "operator");

        await Assertions.Expect(@operator.Card(site.Queue(0)).GetByRole(AriaRole.Button, new() { Name = "Restart" })).ToBeVisibleAsync();
        ConcurrentQueue<string> requested = [];
        viewer.Page.Request += (_, request) => requested.Enqueue(request.Url);
        await viewer.Page.RunAndWaitForResponseAsync(() => viewer.Page.ReloadAsync(), static response => response.Url.EndsWith("/api/session", StringComparison.Ordinal));
        // A page with commands requests a token as soon as it has read its session. The two requests below take longer, so a request for a
        // token would have been recorded.
        await viewer.Page.EvaluateAsync("async () => { for (let i = 0; i < 2; i++) { await (await fetch('api/session')).json(); } }");
        await viewer.SeesEventAsync($"Queue {site.Queue(0)} is open");
        Assert.DoesNotContain(requested, static url => url.Contains("/commands/", StringComparison.Ordinal));
        Assert.Equal(0, await viewer.Card(site.Queue(0)).GetByRole(AriaRole.Button, new() { Name = "Restart" }).CountAsync());
        viewer.AssertNoComplaints();
        @operator.AssertNoComplaints();
    }

    private static void WithCommands(WebApplication app) => app.MapZcrxDashboard("/zcrx", static options => options.AllowAnonymousOnLoopback = true).MapCommands();

    /// <summary>Waits until the charts show data. Only a run that saves screenshots needs that.</summary>
    private static async Task FillChartsAsync(Visitor visitor)
    {
        if (Environment.GetEnvironmentVariable("ZCRX_SCREENSHOTS") is not { Length: > 0 })
        {
            return;
        }

        string before = await visitor.Page.Locator("#totals dd").Last.TextContentAsync() ?? "";
        int updates = 0;
        await Deadline.UntilAsync(
            async () =>
            {
                string now = await visitor.Page.Locator("#totals dd").Last.TextContentAsync() ?? "";
                (updates, before) = now == before ? (updates, before) : (updates + 1, now);
                return updates >= 6;
            },
            () => "the page is updated six times");
    }

    [GeneratedRegex(@"\d [KM]iB/s", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Rate();
}
