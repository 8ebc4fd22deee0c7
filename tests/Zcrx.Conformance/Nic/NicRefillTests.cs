using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Nic;

/// <summary>Tests how a device consumes refill entries.</summary>
public class NicRefillTests : IClassFixture<LeakCheck>
{
    private const int Buffers = 512;
    private const int Piece = 14_480;

    [SkippableTheory]
    [Kernels]
    public void Buffer_returned_twice_in_a_row_to_a_kernel_that_folds_entries_is_lost_until_it_is_returned_alone(string name)
    {
        using var nic = new NicQueue(NicUnderTest.Open(name), Buffers, Buffers);
        TestQueue queue = nic.Queue;
        TcpPair connection = nic.Connect();
        queue.Receive(connection, 1);
        connection.Send(Piece);
        Cqe[] data = [.. queue.Ring.TakeBytes(1, Piece).Where(static cqe => cqe.IsData && cqe.UserData == 1)];
        Assert.Equal(Piece, queue.AssertPattern(data));
        Cqe victim = data[0];

        // No buffer is in flight, so the device needs none yet. When it does, it consumes both entries in one go.
        queue.Refill(victim.Offset);
        queue.Refill(victim.Offset);
        queue.Return(data[1..], flushes: false);
        bool isBack = Circulate(queue, connection, victim);

        // A kernel that folds the two entries into one does not free the buffer. No capability reports this, but it appeared in the same
        // release as adding areas.
        Assert.Equal(!nic.Nic.Kernel.Capabilities.CanAddArea, isBack);
        if (!isBack)
        {
            queue.Refill(victim.Offset);
            Assert.True(Circulate(queue, connection, victim), "the buffer is used again");
        }
    }

    /// <summary>
    /// Receives and returns buffers until the given buffer is used again. Gives up when three completions per buffer have arrived.
    /// </summary>
    /// <returns>True when the given buffer was used again.</returns>
    private static bool Circulate(TestQueue queue, TcpPair connection, Cqe victim)
    {
        bool isUsed = false;
        for (int packets = 0; packets < 3 * Buffers && !isUsed;)
        {
            long position = connection.Sent;
            connection.Send(Piece);
            IReadOnlyList<Cqe> data = queue.Ring.TakeBytes(1, Piece);
            queue.AssertPattern(data, position);
            isUsed = data.Any(cqe => cqe.IsData && cqe.UserData == 1 && cqe.Offset / (ulong)TestMemory.Page == victim.Offset / (ulong)TestMemory.Page);
            packets += data.Count;
            queue.Return(data, flushes: false);
        }

        return isUsed;
    }
}
