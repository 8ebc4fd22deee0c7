using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Zcrx.Rx.Tests.Queues;

public class ListenTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Connection_that_is_accepted_while_a_subscription_is_replaced_is_served()
    {
        const int Clients = 300;
        await using ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = ZcrxEngine.Emulated, AreaSize = 1.MiB() });
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        ConcurrentBag<Socket> clients = [];
        Task connecting = Task.Run(async () =>
        {
            for (int i = 0; i < Clients; i++)
            {
                Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                clients.Add(client);
                await client.ConnectAsync(listener.LocalEndPoint!);
            }
        });

        IDisposable accepting = Greet();
        while (!connecting.IsCompleted)
        {
            accepting.Dispose();
            accepting = Greet();
            await Task.Yield();
        }

        await connecting;
        foreach (Socket client in clients)
        {
            Assert.Equal(1, await client.ReceiveAsync(new byte[1]).WaitAsync(Limit));
            client.Dispose();
        }

        accepting.Dispose();

        IDisposable Greet() => queue.Listen(listener).Subscribe(static connection => _ = connection.SendAsync("."u8.ToArray()).AsTask());
    }

    [Fact]
    public async Task Listen_completes_after_its_disposal()
    {
        await using ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = ZcrxEngine.Emulated, AreaSize = 1.MiB() });
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        TaskCompletionSource completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        queue.Listen(listener).Subscribe(static _ => { }, completed.SetResult).Dispose();

        await completed.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_handler_that_throws_does_not_end_accepting()
    {
        await using ZcrxQueue queue = await ZcrxQueue.OpenAsync(new ZcrxQueueOptions { Engine = ZcrxEngine.Emulated, AreaSize = 1.MiB() });
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        TaskCompletionSource<ZcrxConnection> served = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int calls = 0;
        using IDisposable accepting = queue.Listen(listener).Subscribe(connection =>
        {
            if (++calls == 1)
            {
                throw new InvalidOperationException("the first one");
            }

            served.SetResult(connection);
        });

        for (int i = 0; i < 2; i++)
        {
            using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await client.ConnectAsync(listener.LocalEndPoint!);
            }
            catch (SocketException) when (i == 0)
            {
                // The reset arrived before the client's connect call returned.
            }
        }

        await served.Task.WaitAsync(Limit);
    }
}
