using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Emulation;

namespace Zcrx.Interop.Tests.Emulation;

/// <summary>
/// Tests that the backlog of an emulated socket knows the queue of every waiting byte, while several threads read from the socket.
/// </summary>
public class SocketBacklogTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Represents one generated event on a socket. Every combination of values is valid.</summary>
    public sealed record Step(byte Kind, byte Value);

    [Fact]
    public void Backlog_that_is_compared_during_a_read_is_seen_after_the_read()
    {
        SocketBacklog backlog = new();
        long waiting = 100;
        backlog.Add(waiting, null, rxQueue: 0);
        Thread looker = new(() =>
        {
            using (backlog.Enter())
            {
                backlog.Add(Volatile.Read(ref waiting), null, rxQueue: 1);
            }
        });
        using (backlog.Enter())
        {
            // The ring has read 60 bytes and has not recorded that yet. Then 10 more bytes have arrived.
            Volatile.Write(ref waiting, 50);
            looker.Start();
            Assert.True(SpinWait.SpinUntil(() => looker.ThreadState is ThreadState.WaitSleepJoin or ThreadState.Stopped, Limit));
            backlog.Consume(60);
        }

        Assert.True(looker.Join(Limit));
        Assert.True(backlog.TryPeek(50, out LandedBytes first));
        Assert.Equal((40, 0), (first.Count, first.RxQueue));
        backlog.Consume(first.Count);
        Assert.True(backlog.TryPeek(10, out LandedBytes second));
        Assert.Equal((10, 1), (second.Count, second.RxQueue));
    }

    [Fact]
    public void Consume_of_more_bytes_than_recorded_does_not_affect_later_bytes()
    {
        SocketBacklog backlog = new();
        backlog.Add(30, null, rxQueue: 0);
        backlog.Consume(100);
        backlog.Add(20, null, rxQueue: 1);

        Assert.True(backlog.TryPeek(20, out LandedBytes next));
        Assert.Equal((20, 1), (next.Count, next.RxQueue));
    }

    [Fact]
    public void Backlog_after_any_sequence_of_events_maps_every_byte_to_its_memory() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(1000).WithEndSize(60),
        Prop.ForAll<Step[]>(steps =>
        {
            SocketBacklog backlog = new();
            // For each waiting byte, the queue on which it arrived. A byte that is not recorded in the backlog yet is null.
            List<int?> socket = [];
            int queue = 0;
            foreach (Step step in steps)
            {
                switch (step.Kind % 4)
                {
                    case 0:
                        socket.AddRange(Enumerable.Repeat<int?>(null, step.Value));
                        break;
                    case 1:
                        backlog.Add(socket.Count, null, queue);
                        socket = [.. socket.Select(landed => landed ?? queue)];
                        queue = step.Value % 3;
                        break;
                    case 2 when backlog.TryPeek(socket.Count, out LandedBytes landed):
                        int count = (int)long.Min(step.Value, landed.Count);
                        backlog.Consume(count);
                        socket.RemoveRange(0, count);
                        break;
                    case 3 when socket.TrueForAll(static landed => landed is not null):
                        // Another reader has taken bytes without recording that. The backlog notices it if no further bytes have arrived.
                        socket.RemoveRange(0, int.Min(step.Value, socket.Count));
                        break;
                    default:
                        break;
                }

                int? first = socket.Count > 0 ? socket[0] : null;
                Assert.Equal(first is not null, backlog.TryPeek(socket.Count, out LandedBytes next));
                if (first is not null)
                {
                    Assert.Equal((first, socket.TakeWhile(landed => landed == first).LongCount()), (next.RxQueue, next.Count));
                }
            }
        }));
}
