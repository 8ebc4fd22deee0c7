using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Zcrx.Actors.Health;
using Zcrx.Actors.Supervision;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>Tests listeners that are bound and unbound while the service runs.</summary>
public class BindTests
{
    private const string Any = "127.0.0.1:0";

    private readonly Received _received = new();

    [Fact]
    public async Task Listener_bound_at_run_time_serves_on_every_queue_and_is_visible_by_its_name()
    {
        await using var host = await StartAsync(queues: 2);
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.ListenerBound), typeof(ZcrxEvent.ListenerClosed));

        var binding = await host.Zcrx.AddListenerAsync(Any, _received.Handle, "door").WithinLimit();

        Assert.Equal(("door", binding.LocalAddress), (binding.Listener, host.Zcrx.EndPoints["door"]));
        Assert.Equal("door", (await probe.FishForMessageAsync<ZcrxEvent.ListenerBound>()).Listener);
        for (int i = 0; i < 4; i++)
        {
            await EchoAsync(binding.LocalAddress, i);
        }

        var status = await host.Zcrx.GetStatusAsync();
        Assert.Equal([Any, "door"], status.Listeners.Select(static listener => listener.Name));
        Assert.Equal(4, status.Listeners[1].Accepted);
        await binding.Unbind().WithinLimit();
        Assert.Equal("door", (await probe.FishForMessageAsync<ZcrxEvent.ListenerClosed>()).Listener);
        await AssertRefusedAsync(binding.LocalAddress);
        Assert.Throws<KeyNotFoundException>(() => host.Zcrx.EndPoints["door"]);
        await EchoAsync(host.Zcrx.EndPoints[0], 4);
    }

    [Fact]
    public async Task Asynchronous_handler_serves_a_listener_bound_at_run_time()
    {
        await using var host = await StartAsync();
        var binding = await host.Zcrx.AddListenerAsync(Any, static async (connection, token) => await connection.SendAsync(new byte[] { 7 }, token), "answer").WithinLimit();
        using var client = await ConnectAsync(binding.LocalAddress);
        byte[] answer = new byte[1];

        Assert.Equal(1, await client.ReceiveAsync(answer).WithinLimit());

        Assert.Equal(7, answer[0]);
        Assert.Equal(0, await client.ReceiveAsync(answer).WithinLimit());
    }

    [Fact]
    public async Task Commands_are_answered_with_the_address_and_the_number_of_open_connections()
    {
        await using var host = await StartAsync();

        var bound = Assert.IsType<ZcrxReply.Bound>(await AskAsync(host, new ZcrxCommand.Bind(Options("door"))));
        using var client = await ConnectAsync(bound.EndPoint);
        await _received.StreamAsync(0);
        var unbound = Assert.IsType<ZcrxReply.Unbound>(await AskAsync(host, new ZcrxCommand.Unbind("door")));

        Assert.Equal(("door", "door", 1), (bound.Listener, unbound.Listener, unbound.Connections));
    }

    [Fact]
    public async Task Drain_by_name_closes_the_connections_of_all_listeners_that_had_the_name()
    {
        await using var host = await StartAsync();
        List<Socket> clients = [];
        for (int i = 0; i < 3; i++)
        {
            var bound = Assert.IsType<ZcrxReply.Bound>(await AskAsync(host, new ZcrxCommand.Bind(Options("door"))));
            clients.Add(await ConnectAsync(bound.EndPoint));
            await _received.StreamAsync(i);
            if (i < 2)
            {
                await AskAsync(host, new ZcrxCommand.Unbind("door"));
            }
        }

        var unbound = Assert.IsType<ZcrxReply.Unbound>(await AskAsync(host, new ZcrxCommand.Unbind("door", TimeSpan.Zero)));

        Assert.Equal(("door", 0), (unbound.Listener, unbound.Connections));
        // The reply to Unbind is sent after the last connection has ended, so the status no longer contains the listener.
        Assert.Equal(Any, Assert.Single((await host.Zcrx.GetStatusAsync()).Listeners).Name);
        foreach (Socket client in clients)
        {
            Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WithinLimit());
            client.Dispose();
        }
    }

    [Fact]
    public async Task Name_that_is_in_use_is_refused_and_is_free_again_once_unbound()
    {
        await using var host = await StartAsync();
        var first = await host.Zcrx.AddListenerAsync(Options("door")).WithinLimit();

        var refused = Assert.IsType<ZcrxReply.Failed>(await AskAsync(host, new ZcrxCommand.Bind(Options("door"))));

        Assert.Equal(ZcrxFailure.ListenerExists, refused.Reason);
        Assert.Contains($"{first.LocalAddress}", refused.Message, StringComparison.Ordinal);
        using var client = await ConnectAsync(first.LocalAddress);
        await _received.StreamAsync(0);
        await first.Unbind().WithinLimit();
        // The connection of the first listener is still open.
        var second = await host.Zcrx.AddListenerAsync(Options("door")).WithinLimit();
        await first.Unbind().WithinLimit();
        await EchoAsync(second.LocalAddress, 1);
        Assert.Equal(2, (await host.Zcrx.GetStatusAsync()).Listeners.Count(static listener => listener.Name == "door"));
        client.Dispose();
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Listeners.Count(static listener => listener.Name == "door") == 1, "the first one is forgotten");
    }

    [Fact]
    public async Task Listeners_without_a_name_get_names_of_their_own()
    {
        await using var host = await StartAsync();

        var second = await host.Zcrx.AddListenerAsync(Any, _received.Handle).WithinLimit();
        var third = await host.Zcrx.AddListenerAsync(Any, _received.Handle).WithinLimit();

        Assert.Equal([Any, $"{Any} (2)", $"{Any} (3)"], host.Zcrx.EndPoints.ByName.Keys.Order(StringComparer.Ordinal));
        Assert.Equal((second.LocalAddress, third.LocalAddress), (host.Zcrx.EndPoints[second.Listener], host.Zcrx.EndPoints[third.Listener]));
    }

    [Fact]
    public async Task Port_in_use_is_refused_with_cause_and_fix_and_leaves_nothing_behind()
    {
        await using var host = await StartAsync();
        using Socket other = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        other.Listen();
        string endPoint = $"{other.LocalEndPoint}";

        var refused = await Assert.ThrowsAsync<ZcrxException>(() => host.Zcrx.AddListenerAsync(endPoint, _received.Handle, "door").WithinLimit());

        Assert.Equal("EADDRINUSE", refused.ErrorName);
        Assert.Contains("another socket listens there. Choose another port", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Any, Assert.Single((await host.Zcrx.GetStatusAsync()).Listeners).Name);
        Assert.True(host.Log.Has(1210));
        other.Dispose();
        await host.Zcrx.AddListenerAsync(endPoint, _received.Handle, "door").WithinLimit();
    }

    [Fact]
    public async Task Code_that_configures_the_socket_and_throws_refuses_the_bind()
    {
        await using var host = await StartAsync();
        ZcrxListenerOptions options = Options("door");
        options.ConfigureSocket = static _ => throw new InvalidOperationException("no such option");

        var refused = Assert.IsType<ZcrxReply.Failed>(await AskAsync(host, new ZcrxCommand.Bind(options)));

        Assert.Equal((ZcrxFailure.CannotListen, "no such option"), (refused.Reason, refused.Message));
    }

    [Fact]
    public async Task Invalid_options_are_refused_all_at_once()
    {
        await using var host = await StartAsync();

        var invalid = await Assert.ThrowsAsync<ZcrxConfigurationException>(() => host.Zcrx.AddListenerAsync(new ZcrxListenerOptions { EndPoint = "9000", Backlog = 0 }).WithinLimit());

        Assert.Equal(["Backlog", "EndPoint", "Handler"], invalid.Errors.Select(static error => error.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Limits_apply_to_a_listener_bound_at_run_time()
    {
        await using var host = await StartAsync();
        ZcrxListenerOptions options = Options("door");
        options.MaxConnections = 1;
        var binding = await host.Zcrx.AddListenerAsync(options).WithinLimit();
        using var first = await ConnectAsync(binding.LocalAddress);
        await _received.StreamAsync(0);

        // The reset may arrive before ConnectAsync has returned.
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var second = await ConnectAsync(binding.LocalAddress);
            await second.ReceiveAsync(new byte[1]).WithinLimit();
        });
        Assert.True((await host.Zcrx.GetStatusAsync()).Listeners[1].IsFull);
    }

    [Fact]
    public async Task Queue_that_refuses_the_port_undoes_the_whole_bind()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { RxQueues = 2 });
        bool refuses = false;
        bool isReported = false;
        ZcrxQueueOptions queue = new()
        {
            Name = "nic",
            Engine = ZcrxEngine.Emulated,
            Interface = nic.Name,
            RxQueue = 1,
            ConfigureNic = true,
            // Throws the error of a full rule table, once the test has set `refuses`.
            NicReport = _ =>
            {
                if (Interlocked.Exchange(ref refuses, false))
                {
                    throw new ZcrxDeviceException("Adding a flow rule", 0, "the table is full", "Remove a rule");
                }

                Volatile.Write(ref isReported, nic.Rules.Count == 1);
            },
            AreaSize = 1.MiB(),
            Emulation = new EmulatedKernelOptions { Nics = [nic] },
        };
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(1, 1.MiB()).AddQueue(queue).Listen(Any, _received.Handle));
        // The queue accepts on the first port soon after the start. It reports the flow rule after it has added the rule.
        await host.Kit.AwaitConditionAsync(() => nic.Rules.Count == 1 && Volatile.Read(ref isReported), "the first port has its rule");
        int rules = nic.Rules.Count;
        Volatile.Write(ref refuses, true);

        var refused = Assert.IsType<ZcrxReply.Failed>(await AskAsync(host, new ZcrxCommand.Bind(Options("door"))));

        Assert.Equal(ZcrxFailure.CannotListen, refused.Reason);
        Assert.Contains("the table is full", refused.Message, StringComparison.Ordinal);
        Assert.Equal(Any, Assert.Single(host.Zcrx.EndPoints.ByName).Key);
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Listeners.Count == 1, "the listener is gone");
        Volatile.Write(ref refuses, false);
        Assert.Equal(rules, nic.Rules.Count);
        var binding = await host.Zcrx.AddListenerAsync(Options("door")).WithinLimit();
        Assert.Equal(rules + 1, nic.Rules.Count);
        await binding.Unbind().WithinLimit();
        await host.Kit.AwaitConditionAsync(() => nic.Rules.Count == rules, "the rule is removed");
    }

    [Fact]
    public async Task Unbinding_leaves_connections_open_unless_they_are_drained()
    {
        await using var host = await StartAsync();
        var binding = await host.Zcrx.AddListenerAsync(Options("door")).WithinLimit();
        using var client = await ConnectAsync(binding.LocalAddress);
        var stream = await _received.StreamAsync(0);

        Assert.Equal(1, await host.Zcrx.RemoveListenerAsync("door").WithinLimit());
        await client.SendAsync(new byte[100]);
        await host.Kit.AwaitConditionAsync(() => stream.Length == 100, "the connection still receives");
        var drained = binding.DrainAsync(TimeSpan.FromMinutes(10));
        await client.SendAsync(new byte[100]);
        await host.Kit.AwaitConditionAsync(() => stream.Length == 200, "the connection has time");
        Assert.False(drained.IsCompleted);
        await binding.DrainAsync(TimeSpan.Zero).WithinLimit();
        await drained.WithinLimit();

        Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WithinLimit());
        Assert.Equal(0, (await host.Zcrx.GetStatusAsync()).Queues[0].Statistics!.Connections);
    }

    [Fact]
    public async Task Draining_waits_for_connections_that_end_by_themselves()
    {
        await using var host = await StartAsync();
        var binding = await host.Zcrx.AddListenerAsync(Options("door")).WithinLimit();
        using var client = await ConnectAsync(binding.LocalAddress);
        var stream = await _received.StreamAsync(0);

        var drained = binding.DrainAsync(TimeSpan.FromMinutes(10));
        await client.SendAsync(new byte[100]);
        client.Shutdown(SocketShutdown.Send);
        await drained.WithinLimit();

        Assert.Equal(100, stream.Length);
    }

    [Fact]
    public async Task Unbinding_an_unknown_or_already_unbound_name_is_refused_with_the_bound_names()
    {
        await using var host = await StartAsync();
        await host.Zcrx.AddListenerAsync(Options("door")).WithinLimit();
        Assert.Equal(0, await host.Zcrx.RemoveListenerAsync("door").WithinLimit());
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Listeners.Count == 1, "the listener is gone");

        var again = Assert.IsType<ZcrxReply.Failed>(await AskAsync(host, new ZcrxCommand.Unbind("door")));

        Assert.Equal((ZcrxFailure.NoSuchListener, $"There is no listener 'door'; there are {Any}."), (again.Reason, again.Message));
        await Assert.ThrowsAsync<ZcrxException>(() => host.Zcrx.RemoveListenerAsync("window").WithinLimit());
        await Assert.ThrowsAsync<ZcrxException>(() => host.Zcrx.RemoveListenerAsync(Any, TimeSpan.FromDays(2)).WithinLimit());
    }

    [Fact]
    public async Task Configured_listener_is_unbound_and_its_address_bound_again()
    {
        await using var host = await StartAsync();
        var endPoint = host.Zcrx.EndPoints[0];

        await host.Zcrx.RemoveListenerAsync(Any).WithinLimit();
        Assert.Empty(host.Zcrx.EndPoints);
        await AssertRefusedAsync(endPoint);
        await host.Zcrx.AddListenerAsync($"{endPoint}", _received.Handle, "again").WithinLimit();

        await EchoAsync(endPoint, 0);
        Assert.Equal(HealthStatus.Healthy, ZcrxHealthCheck.Judge(await host.Zcrx.GetStatusAsync(), HealthStatus.Unhealthy).Status);
    }

    [Fact]
    public async Task Listener_bound_at_run_time_survives_crashes_and_restarts_of_its_queue()
    {
        await using var host = await StartAsync();
        var binding = await host.Zcrx.AddListenerAsync(Options("door")).WithinLimit();
        using var client = await ConnectAsync(binding.LocalAddress);
        var stream = await _received.StreamAsync(0);
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.QueueOpened));

        host.Crash("zcrx-0");
        await probe.FishForMessageAsync<ZcrxEvent.QueueOpened>();
        await host.RestartAsync("zcrx-0");

        await client.SendAsync(new byte[10]);
        await host.Kit.AwaitConditionAsync(() => stream.Length == 10, "the connection has resumed");
        await EchoAsync(binding.LocalAddress, 1);
    }

    [Fact]
    public async Task Listener_bound_at_run_time_survives_a_failure_of_the_supervisor()
    {
        await using var host = await StartAsync();
        var binding = await host.Zcrx.AddListenerAsync(Options("door")).WithinLimit();
        await host.Zcrx.AddListenerAsync(Options("gone")).WithinLimit();
        await host.Zcrx.RemoveListenerAsync("gone").WithinLimit();

        // The null list makes the supervisor throw.
        host.Zcrx.Supervisor.Tell(new TreeMessage.RefuseOptions(null!, null));
        // Waits for the log first, because the status changes only after the message is handled.
        await host.Kit.AwaitConditionAsync(
            () => host.Log.Entries.Count(static entry => entry.EventId == 1201 && entry.Message.Contains("door", StringComparison.Ordinal)) == 2, "the port is open again");
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).State == ZcrxState.Running, "the tree has started again");

        await EchoAsync(binding.LocalAddress, 0);
        Assert.Equal([Any, "door"], (await host.Zcrx.GetStatusAsync()).Listeners.Select(static listener => listener.Name));
    }

    [Fact]
    public async Task Bind_after_the_ports_were_closed_or_while_stopping_is_refused()
    {
        await using var host = await StartAsync();
        using var client = await host.ConnectAsync();
        var stream = await _received.StreamAsync(0);
        using var work = stream.Connection.BeginWork();
        await host.Zcrx.Supervisor.Ask<ZcrxStatus>(new ZcrxCommand.CloseListeners()).WithinLimit();

        var closed = Assert.IsType<ZcrxReply.Failed>(await AskAsync(host, new ZcrxCommand.Bind(Options("door"))));
        Assert.Equal(ZcrxFailure.NotAccepting, closed.Reason);
        var stopped = host.StopAsync();
        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1003), "the stop begins");
        var stopping = Assert.IsType<ZcrxReply.Failed>(await AskAsync(host, new ZcrxCommand.Bind(Options("door"))));

        Assert.Equal(ZcrxFailure.Stopping, stopping.Reason);
        work.Dispose();
        client.Dispose();
        await stopped.WithinLimit();
        await Assert.ThrowsAsync<ZcrxException>(() => host.Zcrx.AddListenerAsync(Options("door")).WithinLimit());
        Assert.Equal(0, await host.Zcrx.RemoveListenerAsync(Any).WithinLimit());
    }

    [Fact]
    public async Task Stop_ends_while_connections_of_an_unbound_listener_are_open()
    {
        await using var host = await StartAsync();
        var binding = await host.Zcrx.AddListenerAsync(Options("door")).WithinLimit();
        using var client = await ConnectAsync(binding.LocalAddress);
        await _received.StreamAsync(0);
        await binding.Unbind().WithinLimit();
        var drained = binding.DrainAsync(TimeSpan.FromHours(1));

        await host.StopAsync();

        await drained.WithinLimit();
    }

    [Fact]
    public async Task Unbind_of_a_port_that_a_stuck_queue_keeps_open_is_answered_in_time_and_the_port_closes_later()
    {
        using ManualResetEventSlim release = new();
        TaskCompletionSource stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await StartAsync();
        var binding = await host.Zcrx.AddListenerAsync(
            Any,
            connection => connection.Buffers.Subscribe(_ =>
            {
                stuck.TrySetResult();
                release.Wait(Eventually.Limit);
            }),
            "door").WithinLimit();
        using var client = await ConnectAsync(binding.LocalAddress);
        await client.SendAsync(new byte[1]);
        await stuck.Task.WithinLimit();
        // BindTimeout is shortened only after the bind, which may take longer than this on a busy machine.
        host.Services.GetRequiredService<Actors.Hosting.ZcrxService>().Tree!.Options.Value.BindTimeout = TimeSpan.FromMilliseconds(100);

        var unbound = Assert.IsType<ZcrxReply.Failed>(await AskAsync(host, new ZcrxCommand.Unbind("door")));
        var drained = Assert.IsType<ZcrxReply.Failed>(await AskAsync(host, new ZcrxCommand.Unbind("door", TimeSpan.FromMilliseconds(1))));
        var refused = await Assert.ThrowsAsync<ZcrxException>(() => binding.Unbind().WithinLimit());

        Assert.Equal((ZcrxFailure.TimedOut, ZcrxFailure.TimedOut), (unbound.Reason, drained.Reason));
        Assert.Contains("The port of the listener door is not closed yet", unbound.Message, StringComparison.Ordinal);
        Assert.Contains("The listener door still has 1 connection(s)", drained.Message, StringComparison.Ordinal);
        Assert.Contains("not completed in time", refused.Message, StringComparison.Ordinal);
        Assert.True(host.Log.Has(1212));
        Assert.False(host.Zcrx.EndPoints.ByName.ContainsKey("door"));
        release.Set();
        // The drain was answered with a timeout, but still closes the connection.
        Assert.Equal(0, await client.ReceiveAsync(new byte[1]).WithinLimit());
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Listeners.Count == 1, "the listener is gone");
        await AssertRefusedAsync(binding.LocalAddress);
    }

    [Fact]
    public async Task Bind_whose_callback_is_stuck_is_answered_in_time_and_leaves_no_listener()
    {
        using ManualResetEventSlim release = new();
        await using var host = await StartAsync();
        host.Services.GetRequiredService<Actors.Hosting.ZcrxService>().Tree!.Options.Value.BindTimeout = TimeSpan.FromMilliseconds(100);
        using Socket free = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        free.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        ZcrxListenerOptions options = new() { EndPoint = $"{free.LocalEndPoint}", Name = "door", Handler = _received.Handle, ConfigureSocket = _ => release.Wait(Eventually.Limit) };
        free.Dispose();

        var refused = Assert.IsType<ZcrxReply.Failed>(await AskAsync(host, new ZcrxCommand.Bind(options)));

        Assert.Equal(ZcrxFailure.TimedOut, refused.Reason);
        Assert.Contains("It was removed", refused.Message, StringComparison.Ordinal);
        Assert.True(host.Log.Has(1210));
        release.Set();
        // The listener that was removed closes its port soon after its callback returns.
        await host.Kit.AwaitConditionAsync(async () => await AskAsync(host, new ZcrxCommand.Bind(options)) is ZcrxReply.Bound, "the address is free");
        await EchoAsync(host.Zcrx.EndPoints["door"], 0);
        Assert.Equal(2, (await host.Zcrx.GetStatusAsync()).Listeners.Count);
    }

    [Fact]
    public async Task Bind_that_is_cancelled_leaves_no_listener()
    {
        await using var host = await StartAsync();
        using CancellationTokenSource cancelled = new();
        var bound = host.Zcrx.AddListenerAsync(Options("door"), cancelled.Token);

        await cancelled.CancelAsync();
        bool isBound = await Record.ExceptionAsync(() => bound.WithinLimit()) is null;

        await host.Kit.AwaitConditionAsync(() => host.Zcrx.EndPoints.ByName.ContainsKey("door") == isBound, "a bind that was cancelled in time is undone");
    }

    [Fact]
    public async Task Before_the_host_has_started_nothing_can_be_bound()
    {
        await using var host = TestHost.Build(static _ => { });

        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Zcrx.AddListenerAsync(Options("door")));
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Zcrx.RemoveListenerAsync("door"));
    }

    private Task<TestHost> StartAsync(int queues = 1) => TestHost.StartAsync(zcrx => zcrx.AddQueues(queues, 1.MiB()).Listen(Any, _received.Handle));

    private ZcrxListenerOptions Options(string name) => new() { EndPoint = Any, Name = name, Handler = _received.Handle };

    private static Task<ZcrxReply> AskAsync(TestHost host, ZcrxCommand command) => host.Zcrx.Supervisor.Ask<ZcrxReply>(command).WithinLimit();

    private static async Task<Socket> ConnectAsync(IPEndPoint endPoint)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint).WithinLimit();
        return socket;
    }

    /// <summary>Sends bytes over a new connection, and waits until the handler has received them.</summary>
    private async Task EchoAsync(IPEndPoint endPoint, int index)
    {
        using var client = await ConnectAsync(endPoint);
        await client.SendAsync(new byte[50]);
        var stream = await _received.StreamAsync(index);
        await Eventually.TrueAsync(() => stream.Length == 50, "the bytes arrive");
    }

    private static async Task AssertRefusedAsync(IPEndPoint endPoint)
    {
        var refused = await Assert.ThrowsAsync<SocketException>(async () => (await ConnectAsync(endPoint)).Dispose());
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }
}
