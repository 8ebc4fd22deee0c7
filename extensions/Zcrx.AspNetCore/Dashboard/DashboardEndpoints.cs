using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Zcrx.Actors;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Serves the page, its stream of snapshots and events, and the connections.</summary>
internal sealed class DashboardEndpoints
{
    private const int MostViewers = 64;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // The time for which viewers share a snapshot. It is a little shorter than the interval of the viewers' timers, so that a timer that
    // fires early gets a new snapshot.
    private static readonly TimeSpan Shared = TimeSpan.FromMilliseconds(900);

    private readonly EventTimeline _timeline;
    private readonly AddressMask _mask;
    private readonly TimeProvider _time;
    private readonly Cached<string> _snapshot;
    private readonly Cached<ZcrxStatus> _connections;
    private readonly CancellationToken _stopping;
    private int _viewers;

    public DashboardEndpoints(IServiceProvider services, IZcrx zcrx, ZcrxDashboardOptions options, EventTimeline timeline)
    {
        _timeline = timeline;
        _mask = new AddressMask(options.MaskAddresses);
        _time = services.GetService<TimeProvider>() ?? TimeProvider.System;
        _stopping = services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        SnapshotReader reader = new(_mask, services.GetService<IZcrxNodes>(), _time);
        _snapshot = new Cached<string>(ReadAsync, Shared, _time);
        _connections = new Cached<ZcrxStatus>(() => zcrx.GetStatusAsync(), Shared, _time);

        async Task<string> ReadAsync() =>
            JsonSerializer.Serialize(reader.Read(await zcrx.GetOverviewAsync().ConfigureAwait(false)), DashboardJson.Default.DashboardSnapshot);
    }

    public void Map(RouteGroupBuilder group, DashboardAccess access)
    {
        group.MapGet("/", access.Guard(SendPageAsync));
        group.MapGet("assets/{**file}", access.Guard(static context => DashboardAssets.SendAsync(context, context.Request.RouteValues["file"] as string ?? "")));
        group.MapGet("api/session", access.Guard(async context =>
        {
            bool hasCommands = access.Commands is { } commands && await commands.AllowsAsync(context).ConfigureAwait(false);
            await Answer.SendAsync(context, new SessionView(hasCommands, _mask.IsOn), DashboardJson.Default.SessionView).ConfigureAwait(false);
        }));
        group.MapGet("api/stream", access.Guard(StreamAsync));
        group.MapGet("api/connections", access.Guard(SendConnectionsAsync));
    }

    private static Task SendPageAsync(HttpContext context)
    {
        PathString path = context.Request.PathBase + context.Request.Path;
        if (!path.Value!.EndsWith('/'))
        {
            // The page refers to its files by relative addresses, which need the trailing slash.
            context.Response.Redirect($"{path}/");
            return Task.CompletedTask;
        }

        return DashboardAssets.SendAsync(context, "index.html");
    }

    private async Task SendConnectionsAsync(HttpContext context)
    {
        ZcrxStatus status;
        try
        {
            status = await _connections.GetAsync().WaitAsync(context.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsTimeout(exception))
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        await Answer.SendAsync(context, ConnectionQuery.From(context.Request.Query).Apply(status.Queues, _mask), DashboardJson.Default.ConnectionPage).ConfigureAwait(false);
    }

    private static bool IsTimeout(Exception exception) => exception is Akka.Actor.AskTimeoutException or TimeoutException;

    private async Task StreamAsync(HttpContext context)
    {
        if (Interlocked.Increment(ref _viewers) > MostViewers)
        {
            Interlocked.Decrement(ref _viewers);
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = "10";
            return;
        }

        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping);
        try
        {
            // A browser that reconnects has already received the events up to this id.
            long seen = _timeline.VersionOf(context.Request.Headers["Last-Event-ID"].ToString());
            await TypedResults.ServerSentEvents(ReadAsync(seen, ending.Token)).ExecuteAsync(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The viewer has disconnected, or the application is stopping.
        }
        finally
        {
            Interlocked.Decrement(ref _viewers);
        }
    }

    private async IAsyncEnumerable<SseItem<string>> ReadAsync(long seen, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(Interval, _time);
        do
        {
            if (await SnapshotAsync(cancellationToken).ConfigureAwait(false) is { } snapshot)
            {
                yield return new SseItem<string>(snapshot, "status");
            }

            IReadOnlyList<TimelineEntry> entries = _timeline.After(seen);
            if (entries.Count > 0)
            {
                seen = entries.Max(static entry => entry.Version);
                yield return new SseItem<string>(JsonSerializer.Serialize(entries, DashboardJson.Default.IReadOnlyListTimelineEntry), "events") { EventId = _timeline.IdOf(seen) };
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Returns the snapshot; null if the supervisor does not answer. The page then reports that the stream is silent.</summary>
    private async Task<string?> SnapshotAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _snapshot.GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsTimeout(exception))
        {
            return null;
        }
    }
}
