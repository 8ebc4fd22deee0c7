using System.IO.Pipelines;
using System.Reactive.Linq;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Operators;

/// <summary>Tests operators that end or are cancelled at the same moment as an event on another thread.</summary>
public class OperatorRaceTests
{
    private const int Rounds = 20_000;

    [Fact]
    public async Task CancelPendingRead_that_meets_the_beginning_of_a_read_never_throws()
    {
        PipeReader reader = Observable.Never<ReceivedBuffer>().ToPipeReader();
        bool stop = false;
        Exception? failure = null;
        Thread canceller = new(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                try
                {
                    reader.CancelPendingRead();
                }
#pragma warning disable CA1031 // The test fails at any exception.
                catch (Exception exception)
#pragma warning restore CA1031
                {
                    failure = exception;
                    return;
                }
            }
        });
        canceller.Start();
        for (int i = 0; i < Rounds && Volatile.Read(ref failure) is null; i++)
        {
            ReadResult result = await reader.ReadAsync();
            Assert.True(result.IsCanceled);
        }

        Volatile.Write(ref stop, true);
        canceller.Join();
        await reader.CompleteAsync();
        Assert.Null(failure);
    }

    [Fact]
    public void Process_whose_handler_throws_in_its_cancellation_callback_releases_waiting_items()
    {
        using InMemoryArea area = new(4, 16);
        BufferSource source = new(area);
        using ManualResetEventSlim isRunning = new();
        TaskCompletionSource never = new();
        IDisposable subscription = source.Process(async (_, token) =>
        {
            token.Register(static () => throw new NotSupportedException("the callback"));
            isRunning.Set();
            await never.Task;
        }).Subscribe();
        source.Send([1]);
        source.Send([2]);
        Assert.True(isRunning.Wait(Deadline.Limit));

        Assert.Throws<AggregateException>(subscription.Dispose);

        area.Ledger.Drain();
        Assert.Equal(1, area.Ledger.Leased);
        never.SetResult();
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                area.Ledger.Drain();
                return area.Ledger.Leased == 0;
            },
            Deadline.Limit));
    }
}
