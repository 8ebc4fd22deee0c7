using System.Collections.Concurrent;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Ring;

[Collection(SocketsCollection.Name)]
public class RingThreadTests
{
    [Fact]
    public async Task Caller_of_work_that_fails_the_thread_gets_the_result_of_a_refusal()
    {
        RingThread thread = await StartAsync();

        Task<int> result = thread.InvokeAsync<int>(static () => throw new InvalidOperationException("a test"), static () => -1);

        Assert.Equal(-1, await result.Within("the call ends"));
        InvalidOperationException crash = await Assert.ThrowsAsync<InvalidOperationException>(() => thread.Ended.Within("the thread ends"));
        Assert.Equal("a test", crash.Message);
    }

    [Fact]
    public async Task Work_after_the_end_is_refused()
    {
        RingThread thread = await StartAsync();
        thread.Post(static () => throw new InvalidOperationException("a test"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => thread.Ended.Within("the thread ends"));

        Task<int> result = thread.InvokeAsync(static () => 1, static () => throw new ObjectDisposedException("test"));

        await Assert.ThrowsAsync<ObjectDisposedException>(() => result.Within("the call ends"));
    }

    [Fact]
    public async Task Reported_failure_leaves_the_thread_running()
    {
        RingThread thread = await StartAsync();
        Task<int> failed = thread.InvokeAsync<int>(static () => throw new ZcrxException("Testing", Errno.EIO, "a test", ""), static () => -1, reportsFailure: true);
        await Assert.ThrowsAsync<ZcrxException>(() => failed.Within("the call ends"));

        Assert.Equal(1, await thread.InvokeAsync(static () => 1, static () => -1).Within("the next call ends"));

        thread.Post(static () => throw new InvalidOperationException("the end of the test"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => thread.Ended.Within("the thread ends"));
    }

    [Fact]
    public async Task Heartbeat_shows_a_turn_that_lasts_and_an_abandoned_thread_refuses_work_and_ends_quietly()
    {
        RingClock clock = new(TimeProvider.System);
        RingHeartbeat heartbeat = new(clock);
        RingThread thread = await StartAsync(heartbeat, clock);
        using ManualResetEventSlim release = new();
        TaskCompletionSource left = new(TaskCreationOptions.RunContinuationsAsynchronously);
        thread.Post(() =>
        {
            heartbeat.Enter(RingCallback.OnNext, this);
            release.Wait();
            left.SetResult();
        });
        await Deadline.UntilAsync(() => heartbeat.BusyFor >= TimeSpan.FromMilliseconds(50), "the turn lasts");
        long turn = heartbeat.Turn;
        Assert.Equal((RingCallback.OnNext, this), (heartbeat.Callback, heartbeat.Subject));
        Task<int> waiting = thread.InvokeAsync(static () => 1, static () => -1);

        Assert.True(thread.TryAbandon(new InvalidOperationException("abandoned")));

        Assert.False(thread.TryAbandon(new InvalidOperationException("twice")));
        Assert.Equal(-1, await waiting.Within("work that waited is refused"));
        Assert.Equal("abandoned", (await Assert.ThrowsAsync<InvalidOperationException>(() => thread.Ended.Within("the thread counts as ended"))).Message);
        Assert.Equal(-1, await thread.InvokeAsync(static () => 1, static () => -1).Within("later work is refused"));
        release.Set();
        await left.Task.Within("the callback returns");
        Assert.Equal(turn, heartbeat.Turn);
    }

    public static TheoryData<TimeSpan> NicPolls => [TimeSpan.Zero, TimeSpan.FromMilliseconds(1)];

    [Theory, MemberData(nameof(NicPolls))]
    public async Task Thread_that_spins_polls_and_then_sleeps_and_its_polls_wait_only_to_poll_a_NIC(TimeSpan nicPoll)
    {
        ConcurrentQueue<(uint MinComplete, TimeSpan? Timeout)> waits = new();
        HookedKernel kernel = new() { Waiting = (minComplete, timeout) => waits.Enqueue((minComplete, timeout)) };
        RingClock clock = new(TimeProvider.System);
        RingSpin spin = new(clock, new SpinSlots(1), TimeSpan.FromMilliseconds(4), nicPoll);
        RingThread thread = await StartAsync(new RingHeartbeat(clock), clock, kernel, spin);
        // The call wakes the thread. This counts as activity, so the thread may spin afterwards.
        Assert.Equal(1, await thread.InvokeAsync(static () => 1, static () => -1).Within("the call ends"));

        await Deadline.UntilAsync(() => spin.Time > TimeSpan.Zero, "the thread spins");
        // A poll may have a shorter timeout than configured, because it must not outlast the spin.
        Assert.Contains(waits, wait => nicPoll > TimeSpan.Zero ? wait.MinComplete == 1 && wait.Timeout > TimeSpan.Zero && wait.Timeout <= nicPoll : wait == (0u, null));
        await Deadline.UntilAsync(() => waits.Last() == (1u, null), "the thread sleeps");
        Assert.Equal(2, await thread.InvokeAsync(static () => 2, static () => -1).Within("the thread wakes"));

        thread.Post(static () => throw new InvalidOperationException("the end of the test"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => thread.Ended.Within("the thread ends"));
    }

    private static Task<RingThread> StartAsync()
    {
        RingClock clock = new(TimeProvider.System);
        return StartAsync(new RingHeartbeat(clock), clock);
    }

    private static Task<RingThread> StartAsync(RingHeartbeat heartbeat, RingClock clock) =>
        StartAsync(heartbeat, clock, new EmulatedKernel(), new RingSpin(clock, new SpinSlots(0), TimeSpan.Zero, nicPoll: TimeSpan.Zero));

    private static async Task<RingThread> StartAsync(RingHeartbeat heartbeat, RingClock clock, IIoUringKernel kernel, RingSpin spin)
    {
        EmptyTurn turn = new();
        RingThread thread = new("test", kernel, new IoRingOptions { SubmissionEntries = 8, CompletionEntries = 16 }, clock, heartbeat, spin, turn);
        turn.Thread = thread;
        await thread.StartAsync().Within("the thread starts");
        return thread;
    }

    /// <summary>Represents a turn of a ring without a queue. It only consumes wake-ups.</summary>
    private sealed class EmptyTurn : IRingTurn
    {
        private RingRequests? _requests;

        public RingThread? Thread { get; set; }

        public bool MayBlock => true;

        public void Open(RingRequests requests) => _requests = requests;

        public void Prepare()
        {
        }

        public bool IsFinished() => false;

        public long NextDue() => long.MaxValue;

        public void Complete()
        {
            if (_requests!.Completions.Ready is var ready and > 0)
            {
                _requests.Completions.Advance(ready);
                Thread!.OnWoken();
            }
        }

        public void TearDown(Exception? crash)
        {
        }

        public void Release()
        {
        }

        public void OnEnded()
        {
        }

        public void EndAbandoned() => Thread!.CloseRing();

        public void Conclude()
        {
        }
    }
}
