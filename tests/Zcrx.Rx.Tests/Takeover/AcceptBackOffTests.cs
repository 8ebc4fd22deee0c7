using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Zcrx.Rx.Takeover;

namespace Zcrx.Rx.Tests.Takeover;

/// <summary>Tests a takeover server whose accept calls fail, as in a process that has no free descriptors.</summary>
public class AcceptBackOffTests
{
    [Fact]
    public async Task Accept_that_fails_is_retried_with_growing_delays_of_at_most_five_seconds()
    {
        FakeTimeProvider time = new();
        // This socket does not listen, so each accept call fails at once.
        using Socket unconnected = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using TakeoverSocket socket = TakeoverSocket.TakeOver("/nowhere", unconnected.SafeHandle);
        TakeoverServer server = new(socket, new TakeoverSteps(new ZcrxTakeoverOptions { Path = "/nowhere" }), new TaskCompletionSource<int>(), time);
        FailureCounter source = new();
        using CancellationTokenSource end = new();
        Task serving = server.ServeAsync(source, end.Token);

        int failures = 1;
        Assert.Equal(failures, source.Failures.Count);
        foreach (int milliseconds in (int[])[100, 200, 400, 800, 1600, 3200, 5000, 5000])
        {
            time.Advance(TimeSpan.FromMilliseconds(milliseconds - 1));
            Assert.Equal(failures, source.Failures.Count);
            time.Advance(TimeSpan.FromMilliseconds(1));
            failures++;
            await Deadline.UntilAsync(() => source.Failures.Count == failures, $"attempt {failures} fails after {milliseconds} ms");
        }

        await end.CancelAsync();
        await serving.Within("the server ends");
        Assert.Equal(failures, source.Failures.Count);
    }

    private sealed class FailureCounter : ITakeoverSource
    {
        public ConcurrentQueue<Exception> Failures { get; } = new();

        public IReadOnlyList<KeyValuePair<string, Socket>> GetListeners() => [];

        public Task ReleaseAsync(int successor) => Task.CompletedTask;

        public void OnAttemptFailed(Exception cause) => Failures.Enqueue(cause);
    }
}
