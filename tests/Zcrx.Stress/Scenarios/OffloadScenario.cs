using System.Net.Sockets;
using System.Reactive;
using System.Reactive.Concurrency;
using Zcrx.Rx;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Stress.Scenarios;

/// <summary>
/// Disposes schedulers and handlers of connections while bytes arrive. A stream must not end twice, and every buffer must return.
/// </summary>
internal sealed class OffloadScenario : IStressScenario
{
    private const int Bytes = 100_000;

    public string Name => "offload";

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
        using (EventLoopScheduler scheduler = new(static start => new Thread(start) { IsBackground = true }))
        {
            bool isRefused = random.Next(4) == 0;
            if (isRefused)
            {
                scheduler.Dispose();
            }

            End end = new();
            using IDisposable subscription = isRefused || random.Next(2) == 0
                ? connection.Buffers.Offload(scheduler).Subscribe(lease => end.Check(peer.Stream, lease.StreamOffset, lease.Span), end.OnError, end.OnCompleted)
                : connection.Buffers.Process((lease, _) =>
                {
                    end.Check(peer.Stream, lease.StreamOffset, lease.Span);
                    return ValueTask.CompletedTask;
                }).Subscribe(static (Unit _) => { }, end.OnError, end.OnCompleted);
            Task sending = peer.SendAllAsync(Bytes);
            // After this delay, the disposals may coincide with the end of the stream or with a reset.
            Thread.SpinWait(random.Next(50_000));
            bool isDisposed = false;
            switch (random.Next(4))
            {
                case 0:
                    scheduler.Dispose();
                    break;
                case 1:
                    isDisposed = true;
                    subscription.Dispose();
                    break;
                case 2:
                    peer.Reset();
                    break;
                default:
                    isDisposed = true;
                    Task disposing = Task.Run(subscription.Dispose);
                    scheduler.Dispose();
                    await disposing.Within("disposal returns");
                    break;
            }

            await IgnoreAsync(sending).Within("the bytes are sent, or the connection is reset");
            if (isRefused && !isDisposed)
            {
                await Deadline.UntilAsync(() => end.Ends > 0, "a scheduler that refuses work ends the stream");
            }

            subscription.Dispose();
            connection.Abort();
            await connection.Closed.Within("the connection is closed");
            await Deadline.UntilAsync(() => connection.BuffersLeased == 0, "every buffer returns");
            StressRun.Require(end is { IsRight: true, Ends: <= 1 }, "the bytes are the stream's own, and it ends at most once");
        }

        return 1;
    }

    /// <summary>Waits for a send and ignores its failure, because the peer may reset the connection.</summary>
    private static async Task IgnoreAsync(Task sending)
    {
        try
        {
            await sending;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The peer has reset the connection.
        }
    }

    private sealed class End
    {
        private int _ends;
        private long _next;

        public bool IsRight { get; private set; } = true;

        public int Ends => Volatile.Read(ref _ends);

        public void Check(int stream, long offset, ReadOnlySpan<byte> bytes)
        {
            IsRight &= offset == _next && bytes.SequenceEqual(Payload.At(stream, offset, bytes.Length));
            _next += bytes.Length;
        }

        public void OnError(Exception error) => Interlocked.Increment(ref _ends);

        public void OnCompleted() => Interlocked.Increment(ref _ends);
    }
}
