using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>Sends on a full socket whose connection moves to another queue while the ring thread of that queue is busy.</summary>
/// <remarks>The sender must wait instead of retrying constantly, and every byte must arrive.</remarks>
internal sealed class BusyMoveScenario : IStressScenario
{
    private const int Bytes = 1 << 20;
    private const int SocketBuffer = 16 << 10;
    // While the new queue is busy, the ring thread of the old one runs this number of turns. A sender that did not wait would retry in
    // each.
    private const int Turns = 200;
    // The sender makes one attempt after the move, because a move ends its wait for room. It makes others when the socket has room.
    private const int MaxAttempts = 50;

    public string Name => "busy-move";

    public long Run(StressRun run) => run.RepeatAsync(RoundAsync).GetAwaiter().GetResult();

    private static async Task<int> RoundAsync(Random random)
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        await using TestQueue busy = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using CountingMemory memory = new(peer.Stream, Bytes);
        using ManualResetEventSlim release = new();
        using (peer)
        {
            connection.Socket.SendBufferSize = SocketBuffer;
            peer.Socket.ReceiveBufferSize = SocketBuffer;
            bool isSentFirst = random.Next(2) == 0;
            Task sending = isSentFirst ? SendAsync() : Task.CompletedTask;
            busy.Queue.Loop.Post(() => release.Wait(Deadline.Limit));
            Thread.SpinWait(random.Next(5_000));
            Task<bool> moving = connection.MoveToAsync(busy.Queue);
            Thread.SpinWait(random.Next(5_000));
            if (!isSentFirst)
            {
                sending = SendAsync();
            }

            await Deadline.UntilAsync(() => connection.State == ZcrxConnectionState.Moving && peer.Socket.Available > 0, "the move begins, and the socket fills");
            await TurnsAsync(queue, 10);
            int before = memory.Attempts;
            await TurnsAsync(queue, Turns);
            int attempts = memory.Attempts - before;
            StressRun.Require(!sending.IsCompleted, "the socket is full");
            StressRun.Require(attempts <= MaxAttempts, $"a sender waits while its connection moves; it has tried {attempts} times in {Turns} turns");

            release.Set();
            Assert.True(await moving.Within("the move ends"));
            await ReceiveAsync(peer);
            await sending.Within("the send ends");
            connection.Abort();
            await connection.Closed.Within("the connection is closed");
        }

        return 1;

        Task SendAsync() => Task.Run(() => connection.SendAsync(memory.Memory).AsTask());
    }

    private static async Task TurnsAsync(TestQueue queue, int turns)
    {
        for (int i = 0; i < turns; i++)
        {
            await queue.Queue.GetConnectionsAsync().Within("the ring thread answers");
        }
    }

    private static async Task ReceiveAsync(Peer peer)
    {
        byte[] buffer = new byte[1 << 16];
        for (int received = 0; received < Bytes;)
        {
            int count = await peer.Socket.ReceiveAsync(buffer).Within("the bytes arrive");
            StressRun.Require(buffer.AsSpan(0, count).SequenceEqual(Payload.At(peer.Stream, received, count)), "the bytes that were sent arrive");
            received += count;
        }
    }
}
