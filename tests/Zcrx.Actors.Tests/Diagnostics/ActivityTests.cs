using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Diagnostics;

public sealed class ActivityTests : IDisposable
{
    private readonly ConcurrentQueue<Activity> _stopped = new();
    private readonly ActivityListener _listener;
    // Other tests create activities at the same time. The unique queue name distinguishes those of this test.
    private readonly string _queue = $"traced-{Guid.NewGuid():n}";

    public ActivityTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Zcrx",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _stopped.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_restart_is_one_activity_from_the_failure_to_the_opened_queue()
    {
        await using var host = await StartAsync();
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));
        host.Crash(_queue);
        await probe.FishForMessageAsync<ZcrxEvent.QueueOpened>();
        await host.RestartAsync(_queue);

        await host.Kit.AwaitConditionAsync(() => Named("zcrx.queue.restart").Length == 2, "both restarts end");
        var restarts = Named("zcrx.queue.restart");
        Assert.Equal(["failure", "demand"], restarts.Select(restart => (string?)restart.GetTagItem("zcrx.restart.trigger")));
        var openings = Named("zcrx.queue.open");
        Assert.Equal([null, restarts[0].SpanId.ToHexString(), restarts[1].SpanId.ToHexString()], openings.Select(opening => opening.Parent is null && opening.ParentSpanId == default ? null : opening.ParentSpanId.ToHexString()));
        Assert.All(openings, opening => Assert.Equal("emulated", opening.GetTagItem("zcrx.engine")));
        Assert.All(_stopped.Where(IsOurs), activity => Assert.NotEqual(ActivityStatusCode.Error, activity.Status));
    }

    [Fact]
    public async Task A_failed_restart_records_its_error()
    {
        await using var host = await StartAsync(static options => options.Restart.MaxRestarts = 0);
        host.Crash(_queue);
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Queues[0].State == QueueState.Failed, "the queue is given up");

        // With this kernel profile, the next opening of the queue fails.
        await host.ReconfigureAsync(0, static options => options with { Emulation = new EmulatedKernelOptions { Profile = EmulatedKernelProfile.Linux619 } });
        var reply = Assert.IsType<ZcrxReply.Failed>(await host.Zcrx.Supervisor.Ask<ZcrxReply>(new ZcrxCommand.RestartQueue(_queue)).WithinLimit());
        Assert.Equal(ZcrxFailure.QueueNotOpen, reply.Reason);
        Assert.IsType<ZcrxUnsupportedException>(reply.Cause);

        var restart = Assert.Single(Named("zcrx.queue.restart"));
        Assert.Equal((ActivityStatusCode.Error, typeof(ZcrxUnsupportedException).FullName), (restart.Status, restart.GetTagItem("error.type")));
        Assert.Equal(ActivityStatusCode.Error, Named("zcrx.queue.open").Last().Status);
    }

    [Fact]
    public async Task A_restart_is_not_a_child_of_an_ongoing_activity()
    {
        using Activity outer = new Activity("test").Start();
        await using (var host = await StartAsync())
        {
            host.Crash(_queue);
            await host.Kit.AwaitConditionAsync(() => Named("zcrx.queue.restart").Length == 1, "the restart is over");
        }

        Assert.Equal(default, Named("zcrx.queue.restart")[0].ParentSpanId);
        Assert.Same(outer, Activity.Current);
        // The test itself starts and stops the host, so these two activities are children of its activity. They have no queue name.
        Assert.Contains(_stopped, activity => activity.OperationName == "zcrx.start" && activity.ParentSpanId == outer.SpanId);
        Assert.Contains(_stopped, activity => activity.OperationName == "zcrx.stop" && activity.TraceId == outer.TraceId);
    }

    [Fact]
    public async Task Commands_about_connections_are_activities()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueue(new ZcrxQueueOptions { Name = _queue, AreaSize = 1.MiB() })
            .AddQueue(new ZcrxQueueOptions { Name = $"{_queue}-b", AreaSize = 1.MiB() })
            .Listen("127.0.0.1:0", received.Handle));
        using var client = await host.ConnectAsync();
        var connection = (await received.StreamAsync(0)).Connection;
        string from = connection.QueueName;
        string to = from == _queue ? $"{_queue}-b" : _queue;

        await host.Zcrx.Supervisor.Ask<ZcrxReply.Moved>(new ZcrxCommand.MoveConnection(connection.Id, to)).WithinLimit();
        var detached = await host.Zcrx.Supervisor.Ask<ZcrxReply.Detached>(new ZcrxCommand.DetachConnection(connection.Id)).WithinLimit();
        await host.Zcrx.Supervisor.Ask<ZcrxReply.Attached>(new ZcrxCommand.AttachConnection(detached.Socket, received.Handle, from)).WithinLimit();

        var move = Assert.Single(Named("zcrx.connection.move"));
        Assert.Equal((to, from, (object)connection.Id), (move.GetTagItem("zcrx.queue.name"), move.GetTagItem("zcrx.queue.source"), move.GetTagItem("zcrx.connection.id")));
        Assert.Equal(connection.Id, Assert.Single(Named("zcrx.connection.detach")).GetTagItem("zcrx.connection.id"));
        Assert.NotNull(Assert.Single(Named("zcrx.connection.attach")).GetTagItem("zcrx.connection.id"));
    }

    [Fact]
    public async Task A_takeover_is_an_activity_in_both_processes()
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("zcrx-traced-");
        try
        {
            // Both hosts have the id of this process. The trace id distinguishes their activities from those of other tests.
            using Activity outer = new Activity("test").Start();
            Task<TestHost> StartAt() => TestHost.StartAsync(zcrx => zcrx
                .Takeover(Path.Combine(directory.FullName, "place"))
                .Listen("127.0.0.1:0", static _ => null!, name: "door"));
            await using var first = await StartAt();
            await using var second = await StartAt();

            await first.Kit.AwaitConditionAsync(() => _stopped.Any(activity => activity.OperationName == "zcrx.takeover.release"), "the first host releases its listeners");
            var taken = _stopped.Where(activity => activity.OperationName == "zcrx.takeover.take" && activity.TraceId == outer.TraceId).ToArray();
            Assert.Equal([null, (object)Environment.ProcessId], taken.Select(activity => activity.GetTagItem("zcrx.takeover.predecessor")));
            Assert.Contains(_stopped, activity => activity.OperationName == "zcrx.takeover.release" && activity.GetTagItem("zcrx.takeover.successor") is int id && id == Environment.ProcessId);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Pressure_of_a_pool_is_one_activity_that_has_its_highest_level()
    {
        ConcurrentQueue<BufferLease> leases = [];
        bool keeps = true;
        await using var host = await TestHost.StartAsync(zcrx => zcrx
            .AddQueue(new ZcrxQueueOptions { Name = _queue, AreaSize = 64.KiB() })
            .Listen("127.0.0.1:0", connection => connection.Buffers.Subscribe(
                buffer =>
                {
                    if (Volatile.Read(ref keeps))
                    {
                        leases.Enqueue(buffer.Retain());
                    }
                },
                static _ => { })));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.PressureChanged));
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[256 * 1024]).WithinLimit();
        await probe.FishForMessageAsync<ZcrxEvent.PressureChanged>(static changed => changed.Pressure.Level == PoolPressureLevel.Exhausted);
        Assert.Empty(Named("zcrx.pool.pressure"));

        Volatile.Write(ref keeps, false);
        while (leases.TryDequeue(out BufferLease? lease))
        {
            lease.Dispose();
        }

        await host.Kit.AwaitConditionAsync(() => Named("zcrx.pool.pressure").Length > 0, "the episode ends");
        Assert.Equal("exhausted", Named("zcrx.pool.pressure")[0].GetTagItem("zcrx.pool.state"));
    }

    private Task<TestHost> StartAsync(Action<ZcrxOptions>? configure = null) =>
        TestHost.StartAsync(zcrx => zcrx.AddQueue(new ZcrxQueueOptions { Name = _queue, AreaSize = 1.MiB() }).Configure(configure ?? (static _ => { })));

    private bool IsOurs(Activity activity) => ((string?)activity.GetTagItem("zcrx.queue.name"))?.StartsWith(_queue, StringComparison.Ordinal) ?? false;

    private Activity[] Named(string name) => [.. _stopped.Where(activity => activity.OperationName == name && IsOurs(activity))];
}
