using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop.Kernel;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Receiving;

[Collection(SocketsCollection.Name)]
public class TurnLengthTests : IClassFixture<ResourceCheck>
{
    private const int Ring = 9;
    private const int BufferLength = 4096;

    private static readonly Gen<(bool HasReceived, int Scheduled)[]> Turns =
        (from hasReceived in Gen.Elements(true, false)
         from scheduled in Gen.Frequency((1, Gen.Choose(1, 2)), (TurnLength.QuietTurns, Gen.Constant(0)))
         select (hasReceived, scheduled)).ArrayOf(200);

    [Fact]
    public void Next_turn_is_short_until_no_consumer_has_scheduled_work_for_some_turns_that_received() => Prop
        .ForAll(
            Turns.ToArbitrary(),
            static turns =>
            {
                RecordedTurns kernel = new();
                TurnLength length = new(kernel, Ring, BufferLength);
                long scheduled = 0;
                int since = 0;
                int quiet = TurnLength.QuietTurns;
                int expected = int.MaxValue;
                foreach ((bool hasReceived, int added) in turns)
                {
                    scheduled += added;
                    since += added;
                    length.Observe(hasReceived, scheduled);
                    if (hasReceived)
                    {
                        quiet = since > 0 ? 0 : quiet + 1;
                        expected = quiet < TurnLength.QuietTurns ? TurnLength.ShortTurn / BufferLength : int.MaxValue;
                        since = 0;
                    }

                    Assert.Equal(expected, kernel.Limit);
                }

                Assert.Equal(kernel.Limits.Count, kernel.Limits.Zip(kernel.Limits.Prepend(int.MaxValue)).Count(static pair => pair.First != pair.Second));
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public async Task Forwarding_shortens_the_turns_of_its_queue_to_half_a_MiB()
    {
        const int Waiting = 2 << 20;
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 2048, receiveBuffer: 2 * Waiting);
        await using TestQueue sink = await TestQueue.OpenAsync(buffers: 64);
        (Peer client, ZcrxConnection source) = await queue.ConnectAsync();
        (Peer target, ZcrxConnection drain) = await sink.ConnectAsync();
        using (client)
        using (target)
        {
            using IDisposable draining = drain.Buffers.Subscribe(static _ => { });
            Dictionary<long, long> received = [];
            using IDisposable counting = source.Buffers.Subscribe(buffer =>
            {
                long turn = queue.Queue.Loop.Turns;
                received[turn] = received.GetValueOrDefault(turn) + buffer.Length;
            });
            Task forwarding = source.Buffers.ForwardToAsync(target.Socket);
            // The queue shortens its turns when it has seen a consumer that works after OnNext. The first byte lets it see one.
            await client.SendAsync(1);
            await Deadline.UntilAsync(() => queue.Queue.Loop.Owners.TurnLength.IsShort, "the queue has seen the consumer");
            source.Pause();
            await Deadline.UntilAsync(() => source.Receiver.State == ReceiveState.Idle, "the receive has ended");
            await client.SendAsync(Waiting);
            await Deadline.UntilAsync(() => source.Receiver.Socket.BytesWaiting == Waiting, "everything waits in the socket");
            client.EndSending();
            source.Resume();
            await forwarding.Within("everything is forwarded");

            Assert.Equal(Waiting + 1, received.Values.Sum());
            Assert.InRange(received.Values.Max(), 1, TurnLength.ShortTurn);
        }
    }

    private sealed class RecordedTurns : IReceiveTurns
    {
        public int Limit { get; private set; } = int.MaxValue;

        public List<int> Limits { get; } = [];

        void IReceiveTurns.Limit(int ringFd, int buffers)
        {
            Assert.Equal(Ring, ringFd);
            Limit = buffers;
            Limits.Add(buffers);
        }
    }
}
