using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>
/// Tests a takeover between two hosts in one process. The second host takes over the listeners. The first host keeps its connections, and
/// stops after the last one has ended.
/// </summary>
public sealed class TakeoverTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("zcrx-takeover-");

    private string Place => Path.Combine(_directory.FullName, "place");

    [Fact]
    public async Task The_second_host_takes_over_the_listeners_and_the_first_ends_with_its_connections()
    {
        Received ofFirst = new();
        Received ofSecond = new();
        await using TestHost first = await StartAsync(ofFirst, queues: 2);
        var probe = first.Kit.Subscribe(typeof(ZcrxEvent.TakenOver));
        using Socket established = await first.ConnectAsync();
        await established.SendAsync("before "u8.ToArray());
        Received.Stream stream = await ofFirst.StreamAsync(0);

        await using TestHost second = await StartAsync(ofSecond);
        Assert.Equal(Environment.ProcessId, (await probe.FishForMessageAsync<ZcrxEvent.TakenOver>()).ProcessId);
        Assert.Equal(first.Zcrx.EndPoints, second.Zcrx.EndPoints);
        Assert.True(second.Log.Has(1701));
        CancellationToken stopping = first.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        for (int i = 0; i < 20; i++)
        {
            using Socket client = await second.ConnectAsync();
            await ofSecond.StreamAsync(i);
        }

        Assert.Single(ofFirst.Streams);
        Assert.False(stopping.IsCancellationRequested);
        await established.SendAsync("and after"u8.ToArray());
        established.Shutdown(SocketShutdown.Send);
        Assert.Null(await stream.Ended.WithinLimit());
        Assert.Equal("before and after"u8.ToArray(), stream.ToArray());
        await first.Kit.AwaitConditionAsync(() => stopping.IsCancellationRequested, "the first host stops");
    }

    [Theory]
    [InlineData(Wiring.AkkaFirst)]
    [InlineData(Wiring.WithZcrx)]
    public async Task A_host_that_is_stopped_during_its_start_does_not_wait_for_a_predecessor_that_is_silent(Wiring wiring)
    {
        using Socket predecessor = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        predecessor.Bind(new UnixDomainSocketEndPoint(Place));
        predecessor.Listen();
        await using TestHost host = TestHost.Build(wiring, "ours", zcrx => zcrx
            .Takeover(Place)
            .Configure(static options => options.Takeover.Timeout = TimeSpan.FromHours(1)));
        Task starting = host.StartAsync();
        using Socket successor = await predecessor.AcceptAsync().WithinLimit();

        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        _ = await Record.ExceptionAsync(() => starting.WithinLimit());
        Assert.True(starting.IsCompleted);
    }

    [Fact]
    public async Task A_queue_that_is_restarted_during_the_linger_does_not_accept_again()
    {
        Received ofFirst = new();
        Received ofSecond = new();
        await using TestHost first = await StartAsync(ofFirst, queues: 2);
        using Socket established = await first.ConnectAsync();
        Received.Stream stream = await ofFirst.StreamAsync(0);
        await using TestHost second = await StartAsync(ofSecond);
        string other = first.Queues.Select(static queue => queue.Name).First(name => name != stream.Connection.QueueName);
        Assert.Equal(QueueState.Open, (await first.RestartAsync(other)).State);
        for (int i = 0; i < 10; i++)
        {
            using Socket client = await second.ConnectAsync();
            await ofSecond.StreamAsync(i);
        }

        Assert.Single(ofFirst.Streams);
    }

    [Fact]
    public async Task A_host_that_fails_to_start_does_not_change_the_first_host()
    {
        Received ofFirst = new();
        await using TestHost first = await StartAsync(ofFirst);
        for (int i = 0; i < 3; i++)
        {
            await using TestHost second = TestHost.Build(zcrx => zcrx
                .Takeover(Place)
                .AddQueue(new ZcrxQueueOptions { Engine = ZcrxEngine.Nic, Interface = "nosuchnic0" })
                .Listen("127.0.0.1:0", static connection => connection));
            await Assert.ThrowsAnyAsync<Exception>(() => second.StartAsync());
            using Socket client = await first.ConnectAsync();
            await ofFirst.StreamAsync(i);
        }

        await first.Kit.AwaitConditionAsync(() => first.Log.Entries.Count(static entry => entry.EventId == 1703) == 3, "each attempt is logged");
        Assert.Equal(ZcrxState.Running, (await first.Zcrx.GetStatusAsync()).State);
    }

    [Fact]
    public async Task Listeners_that_the_predecessor_did_not_have_are_bound_and_those_that_the_successor_does_not_have_are_closed()
    {
        Received received = new();
        await using TestHost first = await TestHost.StartAsync(zcrx => zcrx.Takeover(Place, TimeSpan.Zero)
            .Listen("127.0.0.1:0", received.Handle, "kept").Listen("127.0.0.1:0", received.Handle, "dropped"));
        await using TestHost second = await TestHost.StartAsync(zcrx => zcrx.Takeover(Place, TimeSpan.Zero)
            .Configure(static options => options.Takeover.ListenerTimeout = TimeSpan.Zero)
            .Listen("127.0.0.1:0", received.Handle, "new").Listen("127.0.0.1:0", received.Handle, "kept"));

        Assert.Equal(first.Zcrx.EndPoints[0], second.Zcrx.EndPoints[1]);
        Assert.DoesNotContain(second.Zcrx.EndPoints[0], first.Zcrx.EndPoints);
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.Kit.AwaitConditionAsync(async () => await Record.ExceptionAsync(() => client.ConnectAsync(first.Zcrx.EndPoints[1])) is SocketException { SocketErrorCode: SocketError.ConnectionRefused }, "the port that the successor does not have is closed");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Port_of_a_listener_bound_at_run_time_stays_open_until_a_successor_binds_it_by_its_name(int takeovers)
    {
        Received ofFirst = new();
        Received ofLast = new();
        await using TestHost first = await StartAsync(ofFirst);
        IPEndPoint endPoint = (await first.Zcrx.AddListenerAsync("127.0.0.1:0", ofFirst.Handle, "door")).LocalAddress;
        Stack<TestHost> hosts = [];
        for (int i = 0; i < takeovers; i++)
        {
            hosts.Push(await StartAsync(ofLast));
        }

        TestHost last = hosts.Peek();
        using Socket client = await ConnectAsync(endPoint);
        await client.SendAsync(Payload.Bytes(5));
        Assert.False(last.Zcrx.EndPoints.ByName.ContainsKey("door"));
        Assert.True(last.Log.Has(1710));

        ZcrxServerBinding binding = await last.Zcrx.AddListenerAsync("127.0.0.1:0", ofLast.Handle, "door");

        Assert.Equal(endPoint, binding.LocalAddress);
        await (await ofLast.StreamAsync(0)).AssertReceivedAsync(5);
        Assert.Empty(ofFirst.Streams);
        while (hosts.TryPop(out TestHost? host))
        {
            await host.DisposeAsync();
        }
    }

    [Fact]
    public async Task Port_that_is_being_bound_at_run_time_is_offered_to_a_successor()
    {
        Received received = new();
        using ManualResetEventSlim offered = new();
        await using TestHost first = await StartAsync(received);
        IPEndPoint endPoint = (await first.Zcrx.AddListenerAsync("127.0.0.1:0", received.Handle, "door")).LocalAddress;
        TaskCompletionSource binding = new(TaskCreationOptions.RunContinuationsAsynchronously);
        // The supervisor takes the socket, logs event 1201, and then publishes the listener. This logger blocks it in between.
        InterceptingLogger logger = new((id, text) =>
        {
            if (id == 1201 && text.Contains("door", StringComparison.Ordinal))
            {
                binding.SetResult();
                offered.Wait(Eventually.Limit);
            }
        });
        await using TestHost second = await TestHost.StartAsync(
            zcrx => zcrx.Takeover(Place).AddQueues(1, 1.MiB()).Listen("127.0.0.1:0", received.Handle), services => services.AddSingleton<ILoggerProvider>(logger));
        Task bound = second.Zcrx.AddListenerAsync("127.0.0.1:0", received.Handle, "door");
        await binding.Task.WithinLimit();

        // The second host has no listener `new`, so the third host binds it itself. It does so after it has received the offer of the
        // second host, and ConfigureSocket then unblocks the second host.
        await using TestHost third = await TestHost.StartAsync(zcrx => zcrx.Takeover(Place).AddQueues(1, 1.MiB()).Configure(
            options => options.Listeners.Add(new ZcrxListenerOptions { EndPoint = "127.0.0.1:0", Name = "new", Handler = received.Handle, ConfigureSocket = _ => offered.Set() })));
        _ = await Record.ExceptionAsync(() => bound.WithinLimit());

        Assert.Equal(endPoint, (await third.Zcrx.AddListenerAsync("127.0.0.1:0", received.Handle, "door")).LocalAddress);
    }

    [Fact]
    public async Task Port_that_no_listener_binds_in_time_is_closed_and_reported()
    {
        FakeTimeProvider clock = new();
        Received received = new();
        await using TestHost first = await StartAsync(received);
        IPEndPoint endPoint = (await first.Zcrx.AddListenerAsync("127.0.0.1:0", received.Handle, "door")).LocalAddress;
        await using TestHost second = await TestHost.StartAsync(
            zcrx => zcrx.Takeover(Place).AddQueues(1, 1.MiB()).Listen("127.0.0.1:0", received.Handle), services => services.AddSingleton<TimeProvider>(clock));
        using Socket waiting = await ConnectAsync(endPoint);

        clock.Advance(TimeSpan.FromSeconds(30));

        await Assert.ThrowsAsync<SocketException>(async () => await waiting.ReceiveAsync(new byte[1]).WithinLimit());
        var refused = await Assert.ThrowsAsync<SocketException>(() => ConnectAsync(endPoint));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        await first.Kit.AwaitConditionAsync(() => second.Log.Has(1711), "the closed port is logged");
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private static async Task<Socket> ConnectAsync(IPEndPoint endPoint)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint).WithinLimit();
        return socket;
    }

    private Task<TestHost> StartAsync(Received received, int queues = 1) =>
        TestHost.StartAsync(zcrx => zcrx.Takeover(Place).AddQueues(queues, 1.MiB()).Listen("127.0.0.1:0", received.Handle));
}
