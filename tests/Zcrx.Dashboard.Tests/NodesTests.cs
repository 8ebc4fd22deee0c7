using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Cluster.Hosting;
using Akka.Hosting;
using Akka.Remote.Hosting;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Zcrx.Actors;
using Zcrx.Cluster.Tests.Support;
using Zcrx.Dashboard.Tests.Support;

namespace Zcrx.Dashboard.Tests;

/// <summary>Tests how the page shows the nodes of a cluster.</summary>
[Collection(BrowserCollection.Name)]
public sealed partial class NodesTests(Browser browser)
{
    [SkippableFact]
    public async Task Nodes_of_a_cluster_are_shown_until_they_leave()
    {
        await using Site site = await Site.StartAsync(new SiteOptions { Services = AddCluster });
        await using Sender sender = new(site.Ingest, clients: 6);
        Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(site.Services.GetRequiredService<ActorSystem>());
        cluster.Join(cluster.SelfAddress);
        await using Visitor visitor = await browser.OpenAsync(site);
        ILocator own = NodeOf(visitor, cluster.SelfAddress.ToString());

        await visitor.SeesAsync(own, "2 of 2 open");
        await visitor.SeesAsync(own, Rate());
        await using (ClusterNode other = await ClusterNode.StartAsync())
        {
            other.Cluster.Join(cluster.SelfAddress);
            await visitor.SeesAsync(NodeOf(visitor, other.Name), "1 of 1 open");
            Assert.IsType<ZcrxReply.Restarted>(await other.Zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue("zcrx-0")).Within());
            await visitor.SeesAsync(NodeOf(visitor, other.Name), "Restarts1");
            await visitor.PhotographAsync("cluster");
            AxeResult result = await visitor.Page.RunAxe();
            Assert.Empty(result.Violations.Select(static violation => violation.Help));
        }

        await Assertions.Expect(visitor.Page.Locator("#nodes > li")).ToHaveCountAsync(1);
        await visitor.SeesAsync(own, "2 of 2 open");
        visitor.AssertNoComplaints();
    }

    [SkippableFact]
    public async Task Node_with_a_problem_or_an_old_status_is_marked_and_its_text_is_inert()
    {
        Directory nodes = new(
            Status("calm") with { Queues = [Queue(QueueState.Open)] },
            Status("old") with { Time = DateTimeOffset.UtcNow.AddMinutes(-5) },
            Status("<img src=x onerror=alert(1)>") with { Reasons = ["queue_failed:<b>web</b>"], Queues = [Queue(QueueState.Failed)] });
        await using Site site = await Site.StartAsync(new SiteOptions { Services = services => services.AddSingleton<IZcrxNodes>(nodes) });
        await using Visitor visitor = await browser.OpenAsync(site);

        await Assertions.Expect(NodeOf(visitor, "calm")).ToHaveAttributeAsync("data-level", "good");
        await visitor.SeesAsync(NodeOf(visitor, "old"), "last seen running");
        await Assertions.Expect(NodeOf(visitor, "old")).ToHaveAttributeAsync("data-level", "warning");
        ILocator failed = NodeOf(visitor, "<img src=x onerror=alert(1)>");
        await visitor.SeesAsync(failed, "queue_failed:<b>web</b>");
        await Assertions.Expect(failed).ToHaveAttributeAsync("data-level", "error");
        Assert.Equal(0, await visitor.Page.Locator("#nodes img, #nodes b").CountAsync());
        visitor.AssertNoComplaints();
    }

    private static void AddCluster(IServiceCollection services) => services.AddZcrxCluster().AddAkka("nodes", static akka => akka
        .AddHocon(ClusterNode.Quick, HoconAddMode.Prepend)
        .WithRemoting("127.0.0.1", 0)
        .WithClustering(new ClusterOptions())
        .WithZcrxCluster(static options => options.StatusInterval = TimeSpan.FromMilliseconds(100)));

    private static ILocator NodeOf(Visitor visitor, string name) => visitor.Page.Locator("#nodes > li").Filter(new() { Has = visitor.Page.GetByText(name, new() { Exact = true }) });

    private static ZcrxNodeStatus Status(string node) => new() { Node = node, Time = DateTimeOffset.UtcNow, State = ZcrxState.Running, IsAccepting = true };

    private static ZcrxNodeQueue Queue(QueueState state) => new() { Name = "web", State = state };

    [GeneratedRegex(@"Received[\d.]+ [KM]iB/s", RegexOptions.None, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Rate();

    /// <summary>Provides the status of given nodes, without a cluster.</summary>
    private sealed class Directory(params ZcrxNodeStatus[] nodes) : IZcrxNodes
    {
        public IReadOnlyDictionary<string, ZcrxNodeStatus> Nodes { get; } = nodes.ToDictionary(static node => node.Node, StringComparer.Ordinal);
    }
}
