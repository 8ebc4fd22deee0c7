using System.Net;
using System.Net.Sockets;
using Zcrx.Conformance.Support;
using Zcrx.Rx;

namespace Zcrx.Conformance.Queues;

/// <summary>Tests queues that accept on one socket while the ring thread of one of them is stuck.</summary>
/// <remarks>
/// A real kernel wakes only one ring for a new client. If it wakes the stuck ring, that ring does not accept the client. The other queue
/// must accept it then.
/// </remarks>
public class StuckRingTests : IClassFixture<LeakCheck>
{
    // More clients than queues, so that the stuck ring cannot take all wake-ups.
    private const int Clients = 3;

    [SkippableTheory, Kernels]
    public async Task Clients_are_served_by_another_queue_while_the_ring_thread_of_one_is_stuck(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using ZcrxQueue stuck = await OpenAsync(kernel);
        await using ZcrxQueue healthy = await OpenAsync(kernel);
        using ManualResetEventSlim release = new();
        try
        {
            // The stuck queue starts to accept first. The kernel wakes the ring that has waited longest, so the stuck ring gets the first
            // wake-up.
            using IDisposable first = stuck.Listen(listener).Subscribe(static connection => _ = connection.SendAsync("s"u8.ToArray()).AsTask());
            await TakeTurnsAsync(stuck);
            TaskCompletionSource entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
            stuck.Loop.Post(() =>
            {
                entered.SetResult();
                release.Wait();
            });
            await entered.Task.Within("the ring thread is stuck");
            using IDisposable second = healthy.Listen(listener).Subscribe(static connection => _ = connection.SendAsync("h"u8.ToArray()).AsTask());
            await TakeTurnsAsync(healthy);

            for (int i = 0; i < Clients; i++)
            {
                using Socket client = new(SocketType.Stream, ProtocolType.Tcp);
                await client.ConnectAsync(listener.LocalEndPoint!);
                byte[] reply = new byte[1];
                Assert.Equal(1, await client.ReceiveAsync(reply).Within($"client {i} is served"));
                Assert.Equal((byte)'h', reply[0]);
            }
        }
        finally
        {
            release.Set();
        }
    }

    /// <summary>Waits until the ring thread has run all posted work and has submitted its requests.</summary>
    private static async Task TakeTurnsAsync(ZcrxQueue queue)
    {
        long turns = 0;
        for (int i = 0; i < 2; i++)
        {
            await Deadline.UntilAsync(
                async () =>
                {
                    await queue.GetConnectionsAsync();
                    return queue.Loop.Turns > turns;
                },
                static () => "the queue takes a turn");
            turns = queue.Loop.Turns;
        }
    }

    private static Task<ZcrxQueue> OpenAsync(KernelUnderTest kernel) => ZcrxQueue.OpenAsync(
        new ZcrxQueueOptions { AreaSize = 16L * Environment.SystemPageSize }, new EngineChoice(kernel.Engine, "a test"), kernel.Kernel, default).Within("the queue opens");
}
