using System.Net;
using System.Net.Sockets;
using Zcrx.Actors.Tests.Support;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>
/// Tests binds and unbinds under traffic. Counts the descriptors of the whole process, so it must not run beside other tests.
/// </summary>
[Collection(nameof(LeakTests.Alone))]
public class BindTrafficTests
{
    private const int Times = 1000;

    [Fact]
    public async Task Binding_serving_and_unbinding_a_thousand_times_leaks_nothing_and_refuses_no_client_of_another_port()
    {
        await using var host = await TestHost.StartAsync(static zcrx => zcrx.AddQueues(2, 1.MiB()).Listen("127.0.0.1:0", AnswerAsync, name: "other"));
        await BindOnceAsync(host);
        int descriptors = Descriptors();
        using CancellationTokenSource over = new();
        Task<int>[] clients = [.. Enumerable.Range(0, 3).Select(_ => UseAsync(host.Zcrx.EndPoints["other"], over.Token))];

        for (int i = 0; i < Times; i++)
        {
            await BindOnceAsync(host);
        }

        await over.CancelAsync();
        // Throws if a client was refused or reset.
        int[] served = await Task.WhenAll(clients).WithinLimit();
        Assert.All(served, static count => Assert.True(count > 0));
        // The runtime itself may open a few descriptors. Leaking binds would leave thousands.
        await Eventually.TrueAsync(() => Descriptors() <= descriptors + 5, $"no more than {descriptors} descriptors");
        var status = await host.Zcrx.GetStatusAsync();
        Assert.Equal("other", Assert.Single(status.Listeners).Name);
        await Eventually.TrueAsync(async () => (await host.Zcrx.GetStatusAsync()).Queues.Sum(static queue => queue.Statistics!.Connections) == 0, "no connection is open");
    }

    private static async Task BindOnceAsync(TestHost host)
    {
        var binding = await host.Zcrx.AddListenerAsync("127.0.0.1:0", AnswerAsync, "door").WithinLimit();
        Assert.True(await AskAsync(binding.LocalAddress));
        await binding.DrainAsync(Eventually.Limit).WithinLimit();
    }

    private static async Task AnswerAsync(ZcrxConnection connection, CancellationToken token)
    {
        await foreach (var lease in connection.Buffers.ToAsyncEnumerable(cancellationToken: token))
        {
            await connection.SendAsync(lease, token);
        }
    }

    private static async Task<int> UseAsync(IPEndPoint endPoint, CancellationToken over)
    {
        int served = 0;
        while (!over.IsCancellationRequested)
        {
            Assert.True(await AskAsync(endPoint));
            served++;
        }

        return served;
    }

    /// <summary>Connects and sends a byte. Returns true if the byte returns and the connection ends in order.</summary>
    private static async Task<bool> AskAsync(IPEndPoint endPoint)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint).WithinLimit();
        byte[] answer = [42];
        await socket.SendAsync(answer).WithinLimit();
        socket.Shutdown(SocketShutdown.Send);
        return await socket.ReceiveAsync(answer).WithinLimit() == 1 && await socket.ReceiveAsync(answer).WithinLimit() == 0;
    }

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}
