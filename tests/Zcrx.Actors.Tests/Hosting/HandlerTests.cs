using System.Net.Sockets;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

public class HandlerTests
{
    [Fact]
    public async Task A_handler_that_throws_ends_only_its_connection()
    {
        Received received = new();
        var calls = 0;
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", connection =>
            ++calls == 1 ? throw new CrashException() : received.Handle(connection)));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));

        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var first = await host.ConnectAsync();
            await first.ReceiveAsync(new byte[1]).WithinLimit();
        });
        var fault = await probe.FishForMessageAsync<ZcrxEvent.ConsumerFaulted>();
        Assert.IsType<CrashException>(fault.Exception);
        Assert.Equal(fault.ConnectionId, (await probe.FishForMessageAsync<ZcrxEvent.ConnectionClosed>()).ConnectionId);

        using var second = await host.ConnectAsync();
        await second.SendAsync(new byte[5]);
        var stream = await received.StreamAsync(0);
        await host.Kit.AwaitConditionAsync(() => stream.Length == 5, "the next connection is served");
        Assert.True(host.Log.Has(1303));
    }

    [Fact]
    public async Task An_observer_that_throws_ends_only_its_connection()
    {
        var calls = 0;
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", connection =>
            ++calls == 1 ? connection.Buffers.Subscribe(static _ => throw new CrashException()) : received.Handle(connection)));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));

        using var first = await host.ConnectAsync();
        await first.SendAsync(new byte[5]);
        Assert.IsType<CrashException>((await probe.FishForMessageAsync<ZcrxEvent.ConsumerFaulted>()).Exception);
        await Assert.ThrowsAsync<SocketException>(() => first.ReceiveAsync(new byte[1]).WithinLimit());

        using var second = await host.ConnectAsync();
        await second.SendAsync(new byte[5]);
        var stream = await received.StreamAsync(0);
        await host.Kit.AwaitConditionAsync(() => stream.Length == 5, "the next connection is served");
    }

    [Fact]
    public async Task A_subscription_that_throws_when_disposed_is_reported()
    {
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.Listen("127.0.0.1:0", static connection =>
        {
            connection.Buffers.Subscribe(static _ => { });
            return System.Reactive.Disposables.Disposable.Create(static () => throw new CrashException());
        }));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));

        (await host.ConnectAsync()).Dispose();

        Assert.IsType<CrashException>((await probe.FishForMessageAsync<ZcrxEvent.ConsumerFaulted>()).Exception);
        Assert.Null((await probe.FishForMessageAsync<ZcrxEvent.ConnectionClosed>()).Error);
    }

    [Fact]
    public async Task Slow_handler_receives_every_byte_after_its_connection_has_closed()
    {
        SemaphoreSlim gate = new(0);
        TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<long> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long length = 0;
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", connection =>
        {
            accepted.TrySetResult(connection);
            connection.CloseMode = CloseMode.AtEndOfStream;
            return connection.Buffers
                .Process(async (lease, token) =>
                {
                    await gate.WaitAsync(token);
                    Interlocked.Add(ref length, lease.Length);
                })
                .Subscribe(static _ => { }, error => ended.TrySetException(error), () => ended.TrySetResult(length));
        }));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent.ConnectionClosed));
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[100_000]);
        client.Shutdown(SocketShutdown.Send);
        await (await accepted.Task.WithinLimit()).Closed.WithinLimit();

        gate.Release(1000);

        Assert.Equal(100_000, await ended.Task.WithinLimit());
        Assert.Null((await probe.FishForMessageAsync<ZcrxEvent.ConnectionClosed>()).Error);
    }

    [Fact]
    public async Task Stop_waits_for_slow_handlers_until_it_is_cancelled()
    {
        TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource secondBegins = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long length = 0;
        await using var host = await TestHost.StartAsync(zcrx => zcrx.DrainTimeout(TimeSpan.FromHours(1)).Listen("127.0.0.1:0", connection =>
        {
            accepted.TrySetResult(connection);
            return connection.Buffers
                .Process(async (lease, token) =>
                {
                    using var _ = token.Register(() => cancelled.TrySetResult());
                    // The test completes the first call during the stop. Later calls end only when they are cancelled.
                    if (Interlocked.Add(ref length, lease.Length) == lease.Length)
                    {
                        await first.Task;
                        return;
                    }

                    secondBegins.TrySetResult();
                    await cancelled.Task;
                })
                .Subscribe(static _ => { });
        }));
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[20_000]);
        client.Shutdown(SocketShutdown.Send);
        var connection = await accepted.Task.WithinLimit();
        await host.Kit.AwaitConditionAsync(() => connection.BytesReceived == 20_000, "everything is received");
        using CancellationTokenSource patience = new();

        var stopped = host.StopAsync(patience.Token);
        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1003), "the stop begins");
        first.SetResult();
        await secondBegins.Task.WithinLimit();
        for (int i = 0; i < 100; i++)
        {
            // A stop that does not wait for handlers would end during these requests.
            Assert.Equal(ZcrxState.Stopping, (await host.Zcrx.GetStatusAsync()).State);
        }

        Assert.False(stopped.IsCompleted || cancelled.Task.IsCompleted);

        await patience.CancelAsync();
        await cancelled.Task.WithinLimit();
        await stopped.WithinLimit();
    }

    [Fact]
    public async Task Opening_and_end_of_a_connection_are_published_as_events()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.Listen("127.0.0.1:0", received.Handle, name: "door"));
        var probe = host.Kit.Subscribe(typeof(ZcrxEvent));
        using var client = await host.ConnectAsync();
        var opened = await probe.FishForMessageAsync<ZcrxEvent.ConnectionOpened>();
        Assert.Equal(("door", "zcrx-0", client.LocalEndPoint!.ToString()), (opened.Listener, opened.Queue, opened.RemoteEndPoint!.ToString()));

        await client.SendAsync(new byte[77]);
        client.LingerState = new LingerOption(true, 0);
        var stream = await received.StreamAsync(0);
        await host.Kit.AwaitConditionAsync(() => stream.Length == 77, "the bytes arrive");
        client.Close();

        var closed = await probe.FishForMessageAsync<ZcrxEvent.ConnectionClosed>();
        Assert.Equal((opened.ConnectionId, 77L), (closed.ConnectionId, closed.BytesReceived));
        Assert.Equal("ECONNRESET", Assert.IsType<ZcrxStreamException>(closed.Error).ErrorName);
    }
}
