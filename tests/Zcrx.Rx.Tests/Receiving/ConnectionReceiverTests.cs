using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Tests.Support;
using Zcrx.Rx.Tests.Support.Rooms;

namespace Zcrx.Rx.Tests.Receiving;

public class ConnectionReceiverTests
{
    private static readonly ReceiveObstacles[] OwnObstacles =
        [ReceiveObstacles.Pressure, ReceiveObstacles.Starved, ReceiveObstacles.Stranded, ReceiveObstacles.Ended, ReceiveObstacles.Leaving, ReceiveObstacles.Moving];

    [Fact]
    public void Connection_wants_to_receive_exactly_while_no_obstacle_is_left() => Prop
        .ForAll(Gen.Choose(0, (OwnObstacles.Length * 2) + 5).ListOf(60).ToArbitrary(), static steps =>
        {
            MemoryHost host = new();
            ConnectionReceiver connection = new(host, new MemorySocket(7), 1, 0, 1);
            HashSet<ReceiveObstacles> expected = [ReceiveObstacles.Unobserved];
            IDisposable? subscription = null;
            int holds = 0;
            bool isPaused = false;
            foreach (int step in steps)
            {
                ReceiveObstacles own = OwnObstacles[step / 2 % OwnObstacles.Length];
                switch (step - (OwnObstacles.Length * 2))
                {
                    case < 0 when step % 2 == 0:
                        connection.Set(own);
                        expected.Add(own);
                        break;
                    case < 0:
                        connection.Clear(own);
                        expected.Remove(own);
                        break;
                    case 0:
                        connection.Control.Pause();
                        isPaused = true;
                        break;
                    case 1:
                        connection.Control.Resume();
                        isPaused = false;
                        break;
                    case 2:
                        connection.Control.PauseForConsumer();
                        holds++;
                        break;
                    case 3 when holds > 0:
                        connection.Control.ResumeForConsumer();
                        holds--;
                        break;
                    case 4:
                        subscription ??= connection.Stream.Subscribe(new Recorder(0));
                        expected.Remove(ReceiveObstacles.Unobserved);
                        break;
                    case 5:
                        subscription?.Dispose();
                        subscription = null;
                        expected.Add(ReceiveObstacles.Unobserved);
                        break;
                    default:
                        break;
                }

                _ = isPaused || holds > 0 ? expected.Add(ReceiveObstacles.Paused) : expected.Remove(ReceiveObstacles.Paused);
                Assert.Equal(expected.Aggregate(ReceiveObstacles.None, static (all, one) => all | one), connection.Obstacles);
                Assert.Equal(expected.Count == 0, connection.WantsReceive);
                Assert.Equal(expected.All(static obstacle => obstacle is ReceiveObstacles.Pressure or ReceiveObstacles.Starved), connection.IsWanted);
            }
        })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Budget_counts_the_bytes_of_the_current_request_only()
    {
        ConnectionReceiver connection = new(new MemoryHost(), new MemorySocket(7), 1, 0, 1) { BytesReceived = 1000 };
        connection.Arm(300);
        connection.BytesReceived += 299;
        Assert.Equal((false, 1L, ReceiveState.Armed), (connection.IsBudgetUsedUp, connection.BudgetLeft, connection.State));
        connection.BytesReceived += 1;
        Assert.True(connection.IsBudgetUsedUp);
    }

    [Fact]
    public void Another_queue_counts_its_own_leases_and_the_connection_all_of_them()
    {
        ConnectionReceiver connection = new(new MemoryHost(), new MemorySocket(7), 1, 0, 1);
        connection.Holder.Add(2);

        connection.Rebind(new MemoryHost(), slot: 3, generation: 9);

        Assert.Equal((0, 2), (connection.Holder.Leased, connection.BuffersLeased));
        Assert.Equal(new UserData(RequestKind.Receive, 9, 3), UserData.Decode(connection.ReceiveTag));
        connection.Rebind(connection.Control.Host, slot: 4, generation: 1);
        connection.Holder.Add(1);
        Assert.Equal((1, 3), (connection.Holder.Leased, connection.BuffersLeased));
    }

    [Fact]
    public void Stop_of_a_queue_concerns_its_connection_until_the_connection_is_on_another_queue()
    {
        ConnectionReceiver connection = new(new MemoryHost(), new MemorySocket(7), 1, 0, 1);
        connection.BeginStop("a stop");
        connection.BeginStop("a later stop");
        // Only the end of the stream by the stop is an error.
        Assert.Equal(("a stop", null), (connection.StopCause, connection.EndOfStream()));
        connection.Rebind(connection.Control.Host, slot: 3, generation: 9);
        Assert.NotNull(connection.StopCause);

        connection.Rebind(new MemoryHost(), slot: 3, generation: 9);

        Assert.Null(connection.StopCause);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stop_ends_a_stream_with_an_error_unless_the_peer_ends_it_too(bool hasPeerEnded)
    {
        ConnectionReceiver connection = new(new MemoryHost(), new MemorySocket(7), 1, 0, 1);
        connection.StopReceiving("a stop");
        if (hasPeerEnded)
        {
            connection.End();
        }

        Assert.Equal(("a stop", hasPeerEnded), (connection.StopCause, connection.EndOfStream() is null));
    }

    [Fact]
    public void Orderly_end_does_not_hide_an_earlier_error()
    {
        ConnectionReceiver connection = new(new MemoryHost(), new MemorySocket(7), 1, 0, 1);
        ZcrxStreamException error = new("Receiving", 104, 5, "it broke", "");
        connection.End(error);
        connection.End();
        Assert.Same(error, connection.EndError);
        Assert.True(connection.IsBroken);
    }

    [Fact]
    public void Reset_can_follow_an_orderly_close_but_not_the_other_way_round()
    {
        MemoryHost host = new();
        MemorySocket socket = new(7);
        ConnectionReceiver connection = new(host, socket, 1, 0, 1);
        connection.Control.RequestClose(abort: false, "a test");
        connection.Control.RequestClose(abort: true, "a test");
        connection.Control.RequestClose(abort: false, "a test");
        Assert.Equal(2, host.Changed.Count);

        connection.Control.CloseSocket();

        Assert.True(socket.WasReset);
        Assert.True(connection.Control.Closed.IsCompleted);
        Assert.True(connection.Control.Work.Finished.IsCompleted);
    }
}
