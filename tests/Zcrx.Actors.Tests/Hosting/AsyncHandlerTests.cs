using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>Tests asynchronous handlers of a hosted service.</summary>
public class AsyncHandlerTests
{
    [Fact]
    public async Task Handler_answers_after_the_half_close_of_its_client_and_its_scope_ends_with_it()
    {
        ConcurrentQueue<Session> sessions = new();
        await using var host = TestHost.Build(
            static zcrx => zcrx.Listen("127.0.0.1:0", static (services, connection, token) => services.GetRequiredService<Session>().EchoAsync(connection, token)),
            services => services.AddScoped(_ =>
            {
                Session session = new();
                sessions.Enqueue(session);
                return session;
            }));
        await host.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            using var client = await host.ConnectAsync();
            await client.SendAsync(new byte[5000]).WithinLimit();
            client.Shutdown(SocketShutdown.Send);
            Assert.Equal(5000, await ReadToEndAsync(client).WithinLimit());
        }

        await host.Kit.AwaitConditionAsync(() => sessions.Count == 20 && sessions.All(static session => session.IsDisposed), "every connection had a scope of its own, which has ended");
        Assert.False(host.Log.Has(1303));
    }

    [Fact]
    public async Task Handler_that_throws_resets_its_connection_and_is_logged_once()
    {
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.Listen("127.0.0.1:0", static async (_, _) =>
        {
            await Task.Yield();
            throw new CrashException();
        }));
        // The failure and the end of the connection are reported in either order.
        var faults = host.Kit.Subscribe(typeof(ZcrxEvent.ConsumerFaulted));
        var ends = host.Kit.Subscribe(typeof(ZcrxEvent.ConnectionClosed));
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var client = await host.ConnectAsync();
            await client.ReceiveAsync(new byte[1]).WithinLimit();
        });

        Assert.IsType<CrashException>((await faults.ExpectMsgAsync<ZcrxEvent.ConsumerFaulted>()).Exception);
        await ends.ExpectMsgAsync<ZcrxEvent.ConnectionClosed>();
        Assert.True(host.Log.Has(1303));
    }

    [Fact]
    public async Task Stop_waits_for_a_handler_and_lets_it_reply()
    {
        TaskCompletionSource<ZcrxConnection> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var host = await TestHost.StartAsync(zcrx => zcrx.DrainTimeout(TimeSpan.FromHours(1)).Listen("127.0.0.1:0", async (connection, token) =>
        {
            started.SetResult(connection);
            await reply.Task;
            await connection.SendAsync(new byte[7], token);
        }));
        using var client = await host.ConnectAsync();
        await started.Task.WithinLimit();

        var stopping = host.StopAsync();
        await host.Kit.AwaitConditionAsync(() => host.Log.Has(1003), "stopping has begun");
        Assert.False(stopping.IsCompleted);
        reply.SetResult();
        await stopping;

        Assert.Equal(7, await ReadToEndAsync(client).WithinLimit());
    }

    private static async Task<int> ReadToEndAsync(Socket socket)
    {
        var total = 0;
        var buffer = new byte[65536];
        int count;
        while ((count = await socket.ReceiveAsync(buffer)) > 0)
        {
            total += count;
        }

        return total;
    }

    private sealed class Session : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public async Task EchoAsync(ZcrxConnection connection, CancellationToken token)
        {
            await foreach (BufferLease lease in connection.Buffers.ToAsyncEnumerable(cancellationToken: token))
            {
                await connection.SendAsync(lease.Memory, token);
            }
        }

        public void Dispose() => IsDisposed = true;
    }
}
