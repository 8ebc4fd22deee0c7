using System.Globalization;
using System.Net;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using Zcrx.Actors;
using Zcrx.AspNetCore.Dashboard;
using Zcrx.Dashboard.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Dashboard.Tests;

/// <summary>Tests the texts of events, the masking of addresses, and the pages of the list of connections. No service is running.</summary>
public sealed class TextTests
{
    private static readonly Type[] NotShown = [typeof(ZcrxEvent.ConnectionOpened), typeof(ZcrxEvent.NotificationReceived), typeof(ZcrxEvent.StreamFailedUnobserved)];

    [Fact]
    public void Every_type_of_event_is_shown_or_omitted_for_a_reason()
    {
        Type[] all = [.. typeof(ZcrxEvent).GetNestedTypes(BindingFlags.Public).Where(static type => type.IsSubclassOf(typeof(ZcrxEvent))), typeof(RebalanceEvent)];

        Assert.Equal(all.Except(NotShown).Select(static type => type.Name).Order(), EventText.Types.Select(static type => type.Name).Order());
    }

    [Theory]
    [InlineData("203.0.113.7:4711 was reset", "203.0.*.* was reset")]
    [InlineData("from 203.0.113.7, again", "from 203.0.*.*, again")]
    [InlineData("[2001:db8:1:2::7]:4711", "2001:db8:*")]
    [InlineData("peer 2001:db8::1 ended", "peer 2001:db8:* ended")]
    [InlineData("[fe80::1%eth0]:80", "fe80:0:*")]
    [InlineData("[::ffff:203.0.113.7]:80", "203.0.*.*")]
    [InlineData("sent by 2001:db8::1.", "sent by 2001:db8:*.")]
    [InlineData("sent by 2001:db8::1.Reset", "sent by 2001:db8:*.Reset")]
    [InlineData("2001:db8::1: reset", "2001:db8:*: reset")]
    [InlineData("from 2001:db8:1:2:3:4:5:6:4711, again", "from 2001:db8:*, again")]
    [InlineData("fe80::1%eth0.", "fe80:0:*.")]
    [InlineData("::ffff:203.0.113.7.", "203.0.*.*.")]
    [InlineData("::ffff:203.0.113.7:4711.", "203.0.*.*.")]
    [InlineData("sent by 203.0.113.7.", "sent by 203.0.*.*.")]
    [InlineData("203.0.113.7:4711: reset", "203.0.*.*: reset")]
    [InlineData("at 12:34:56: queue a:b:c: failed.", "at 12:34:56: queue a:b:c: failed.")]
    [InlineData("stuck since 12:34:56 UTC on enic0:3, version 1.2.3", "stuck since 12:34:56 UTC on enic0:3, version 1.2.3")]
    public void Only_the_addresses_in_a_text_are_masked(string text, string expected)
    {
        Assert.Equal(expected, new AddressMask(true).Text(text));
        Assert.Equal(text, new AddressMask(false).Text(text));
    }

    [Fact]
    public void Equal_events_are_counted_in_one_entry()
    {
        EventTimeline timeline = new(TimeProvider.System, new AddressMask(false));
        for (int i = 1; i <= 5; i++)
        {
            timeline.Add(EventText.Of(new RebalanceEvent.Moved(i, "a", "b", MoveReason.CopyStorm))!);
        }

        timeline.Add(EventText.Of(new RebalanceEvent.Moved(6, "b", "a", MoveReason.CopyStorm))!);

        IReadOnlyList<TimelineEntry> entries = timeline.After(0);
        Assert.Equal(["5 connections moved from a to b.", "Connection 6 moved from b to a (reason: CopyStorm)."], entries.Select(static entry => entry.Text));
        Assert.Equal("b", Assert.Single(timeline.After(entries[0].Version)).Queue);
        Assert.Empty(timeline.After(entries.Max(static entry => entry.Version)));
    }

    [Fact]
    public void Events_that_peers_repeat_are_counted_in_one_entry_for_each_listener_and_queue()
    {
        FakeTimeProvider time = new();
        EventTimeline timeline = new(time, new AddressMask(false));
        timeline.Add(EventText.Of(new ZcrxEvent.QueueStopped("old"))!);

        for (int i = 0; i < 1000; i++)
        {
            timeline.Add(Limit("a", i % 2));
            timeline.Add(Limit("b", 1));
            timeline.Add(EventText.Of(new ZcrxEvent.PressureChanged(new PoolPressure("q", i % 2 == 0 ? PoolPressureLevel.Exhausted : PoolPressureLevel.Normal, 5, 10, 0, time.GetUtcNow())))!);
            time.Advance(TimeSpan.FromSeconds(50));
        }

        time.Advance(TimeSpan.FromSeconds(50));
        timeline.Add(Limit("a", 1));
        Assert.Equal(
            [
                "info: Queue old was closed by a command.",
                "warning: 1000 reports, the last: Limit MaxConnections of a has acted once: full.",
                "warning: 1000 reports, the last: Limit MaxConnections of b has acted once: full.",
                "good: 1000 changes of the pressure, the last: Pool of q is back to normal: 5 of 10 buffers are leased.",
                "warning: Limit MaxConnections of a has acted once: full.",
            ],
            timeline.After(0).Select(static entry => $"{entry.Level}: {entry.Text}"));

        EventText Limit(string listener, long count) =>
            EventText.Of(new ZcrxEvent.LimitActed(new LimitReached("q", ZcrxLimit.MaxConnections, listener, count, null, "full", time.GetUtcNow())))!;
    }

    [Fact]
    public void Entry_of_moves_ends_after_ten_seconds_although_moves_continue()
    {
        FakeTimeProvider time = new();
        EventTimeline timeline = new(time, new AddressMask(false));
        for (int i = 0; i < 6; i++)
        {
            timeline.Add(EventText.Of(new RebalanceEvent.Moved(i, "a", "b", MoveReason.CopyStorm))!);
            time.Advance(TimeSpan.FromSeconds(4));
        }

        Assert.Equal([3, 3], timeline.After(0).Select(static entry => entry.Count));
    }

    [Fact]
    public void Other_events_do_not_push_an_error_out_of_the_timeline()
    {
        EventTimeline timeline = new(TimeProvider.System, new AddressMask(false));
        for (int i = 0; i < 1000; i++)
        {
            timeline.Add(i % 5 == 0 ? EventText.Of(new ZcrxEvent.QueueFailed($"q{i}", new IOException("broken"), "it failed"))! : EventText.Of(new ZcrxEvent.QueueStopped($"q{i}"))!);
        }

        for (int i = 1000; i < 2000; i++)
        {
            timeline.Add(EventText.Of(new ZcrxEvent.QueueStopped($"q{i}"))!);
        }

        IReadOnlyList<TimelineEntry> entries = timeline.After(0);
        Assert.Equal((100, 300), (entries.Count(static entry => entry.Level == "error"), entries.Count(static entry => entry.Level != "error")));
        Assert.Equal(("q500", "q1700"), (entries[0].Queue, entries.First(static entry => entry.Level != "error").Queue));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1-1")]
    [InlineData("1-1-1")]
    public void Event_id_of_another_process_restarts_at_the_first_event(string foreign)
    {
        EventTimeline timeline = new(TimeProvider.System, new AddressMask(false));
        EventTimeline other = new(TimeProvider.System, new AddressMask(false));

        Assert.Equal(7, timeline.VersionOf(timeline.IdOf(7)));
        Assert.Equal(0, other.VersionOf(timeline.IdOf(7)));
        Assert.Equal(0, timeline.VersionOf(foreign));
    }

    [Fact]
    public void Timeline_keeps_a_bounded_number_of_events()
    {
        EventTimeline timeline = new(TimeProvider.System, new AddressMask(false));
        for (int i = 0; i < 1000; i++)
        {
            timeline.Add(EventText.Of(new ZcrxEvent.QueueStopped($"q{i}"))!);
        }

        Assert.Equal(300, timeline.After(0).Count);
        Assert.Equal("q999", timeline.After(0)[^1].Queue);
    }

    [Fact]
    public void Connections_with_the_most_leases_come_first_and_pages_beyond_the_last_show_the_last()
    {
        QueueStatus[] queues =
        [
            Queue("a", [.. Enumerable.Range(1, 60).Select(static id => Connection(id, "a", leased: id % 7))]),
            Queue("b", [.. Enumerable.Range(61, 60).Select(static id => Connection(id, "b", leased: 0))]),
        ];

        ConnectionPage first = new ConnectionQuery().Apply(queues, new AddressMask(false));
        ConnectionPage beyond = new ConnectionQuery { Page = 99 }.Apply(queues, new AddressMask(false));
        ConnectionPage filtered = new ConnectionQuery { Queue = "b", Search = "11", Sort = "id" }.Apply(queues, new AddressMask(false));

        Assert.Equal((120, 120, 3, 50), (first.Total, first.Matching, first.Pages, first.Rows.Count));
        Assert.Equal([6, 6, 6], first.Rows.Take(3).Select(static row => row.Leased));
        Assert.Equal((2, 20), (beyond.Page, beyond.Rows.Count));
        // The filter finds connections whose number starts with 11, and those whose port contains 11.
        Assert.Equal([110, 111, 112, 113, 114, 115, 116, 117, 118, 119], filtered.Rows.Select(static row => row.Id).Where(static id => id >= 110 && id < 120));
    }

    [Fact]
    public void Vendored_files_have_their_recorded_hashes()
    {
        string folder = Path.Combine(RepositoryRoot.Path, "extensions", "Zcrx.AspNetCore", "Dashboard", "Assets", "vendor");
        string readme = File.ReadAllText(Path.Combine(folder, "README.md"));

        foreach (string file in Directory.GetFiles(folder).Where(static file => Path.GetExtension(file) is ".js" or ".css"))
        {
            string hash = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));
            Assert.Contains(hash, readme, StringComparison.Ordinal);
        }
    }

    private static QueueStatus Queue(string name, IReadOnlyList<ConnectionStatus> connections) => new() { Name = name, State = QueueState.Open, Connections = connections };

    private static ConnectionStatus Connection(long id, string queue, int leased) => new()
    {
        Id = id, Queue = queue, Listener = "ingest", RemoteEndPoint = IPEndPoint.Parse(string.Create(CultureInfo.InvariantCulture, $"192.0.2.1:{20_000 + id}")), BuffersLeased = leased,
    };
}
