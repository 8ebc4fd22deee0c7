using System.Net.Sockets;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>
/// Closes connections while other threads send on them or query their sockets. The peer must see the end of the stream and never a reset.
/// </summary>
internal sealed class OrderlyCloseScenario : IStressScenario
{
    private const int Callers = 3;
    private const int SolSocket = 1;
    // The number of SO_INCOMING_NAPI_ID, a socket option that rebalancing reads.
    private const int IncomingNapiId = 56;

    public string Name => "orderly-close";

    public long Run(StressRun run) => RunAsync(run).GetAwaiter().GetResult();

    private static async Task<long> RunAsync(StressRun run)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        return await run.RepeatAsync(random => RoundAsync(queue, random));
    }

    private static async Task<int> RoundAsync(TestQueue queue, Random random)
    {
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            Task[] calls = [.. Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallAsync(connection, isSender: caller > 0)))];
            // The method reads to the end of the stream, and does not yield while bytes are available. It therefore gets a task of its own.
            Task<bool> ending = Task.Run(peer.IsResetAsync);
            Thread.SpinWait(random.Next(20_000));
            connection.Dispose();
            StressRun.Require(!await ending, "an orderly close is no reset");
            await Task.WhenAll(calls).Within("the calls end");
            await connection.Closed.Within("the connection is closed");
            return 1;
        }
    }

    private static async Task CallAsync(ZcrxConnection connection, bool isSender)
    {
        byte[] bytes = new byte[100];
        try
        {
            while (!connection.Closed.IsCompleted)
            {
                if (isSender)
                {
                    await connection.SendAsync(bytes);
                }
                else
                {
                    connection.Socket.GetRawSocketOption(SolSocket, IncomingNapiId, bytes.AsSpan(0, sizeof(int)));
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The call has failed because the connection is closed.
        }
    }
}
