using System.Buffers;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Tests.Support.Rooms;

namespace Zcrx.Rx.Tests.Connections;

public class ConnectionSenderTests
{
    [Fact]
    public async Task SendAsync_with_a_schedule_continues_only_there_after_each_wait_for_room()
    {
        MemorySocket socket = new(7) { Room = 3 };
        ConnectionSender sender = new ConnectionReceiver(new MemoryHost(), socket, 1, 0, 1).Control.Sender;
        Queue<Action> scheduled = new();
        ValueTask sending = sender.SendAsync(new ReadOnlySequence<byte>(new byte[10]), CancellationToken.None, scheduled.Enqueue);

        foreach (int room in (int[])[4, 100])
        {
            long accepted = socket.Accepted;
            socket.Room = room;
            OnRingThread(() => sender.OnWritable(0));

            // The thread that reports room must not send the bytes itself. It schedules the send for another thread.
            Assert.Equal(accepted, socket.Accepted);
            Assert.False(sending.IsCompleted);
            Assert.Single(scheduled);
            OnRingThread(scheduled.Dequeue());
        }

        Assert.True(sending.IsCompletedSuccessfully);
        await sending;
        Assert.Equal(10, socket.Accepted);
        Assert.False(sender.IsBusy);
    }

    [Fact]
    public async Task SendAsync_with_a_schedule_fails_when_the_connection_closes_during_the_wait()
    {
        ConnectionSender sender = new ConnectionReceiver(new MemoryHost(), new MemorySocket(7) { Room = 0 }, 1, 0, 1).Control.Sender;
        Queue<Action> scheduled = new();
        ValueTask sending = sender.SendAsync(new ReadOnlySequence<byte>(new byte[10]), CancellationToken.None, scheduled.Enqueue);

        OnRingThread(sender.Close);
        Assert.False(sending.IsCompleted);
        OnRingThread(Assert.Single(scheduled));

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await sending);
        Assert.False(sender.IsBusy);
    }

    /// <summary>Runs an action without the synchronization context of the test runner, which would move continuations to another thread.</summary>
    private static void OnRingThread(Action action)
    {
        SynchronizationContext? runner = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            action();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(runner);
        }
    }
}
