using System.Net;
using System.Text.Json;
using Akka.Actor;
using Zcrx.Actors;
using Zcrx.Dashboard.Tests.Support;

namespace Zcrx.Dashboard.Tests;

/// <summary>
/// Tests the stream of events: where it continues when a browser connects again, and its replies while the supervisor is busy.
/// </summary>
public sealed class StreamTests
{
    [Theory]
    [InlineData("0a-1000000")]
    [InlineData("1000000")]
    public async Task Stream_with_the_id_of_another_process_begins_with_the_first_event(string foreign)
    {
        await using Site site = await Site.StartAsync();
        using Operator visitor = site.Visit();

        JsonElement[] events = Events(await visitor.ReadStreamAsync(IsEvents, foreign));

        Assert.Equal(1, events[0].GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task Connections_are_unavailable_while_the_supervisor_does_not_answer()
    {
        await using Site site = await Site.StartAsync();
        using Operator visitor = site.Visit();
        IInternalActorRef supervisor = (IInternalActorRef)site.Zcrx.Supervisor;

        supervisor.Suspend();
        try
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await visitor.GetAsync("/zcrx/api/connections"));
        }
        finally
        {
            supervisor.Resume();
        }

        Assert.Equal(HttpStatusCode.OK, await visitor.GetAsync("/zcrx/api/connections"));
    }

    [Fact]
    public async Task Stream_with_its_own_id_continues_after_the_event()
    {
        await using Site site = await Site.StartAsync();
        using Operator visitor = site.Visit();
        string id = (await visitor.ReadStreamAsync(static line => line.StartsWith("id: ", StringComparison.Ordinal)))["id: ".Length..];
        Assert.IsType<ZcrxReply.Restarted>(await site.Zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue(site.Queue(0)), Deadline.Limit));

        JsonElement[] events = Events(await visitor.ReadStreamAsync(IsEvents, id));

        long seen = long.Parse(id.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(seen > 0, id);
        Assert.All(events, entry => Assert.True(entry.GetProperty("version").GetInt64() > seen, $"{entry} is after {id}"));
    }

    private static bool IsEvents(string line) => line.StartsWith("data: [", StringComparison.Ordinal);

    private static JsonElement[] Events(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line["data: ".Length..]);
        return [.. document.RootElement.EnumerateArray().Select(static entry => entry.Clone())];
    }
}
