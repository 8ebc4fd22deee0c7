using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Refill;

public class BufferOrderTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Fresh_buffers_come_from_the_end_of_the_area(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), buffers: 4);
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        Assert.Equal([3, 2, 1], Buffers(queue, connection, 3));
    }

    [SkippableTheory, Kernels]
    public void Buffer_that_returned_last_is_used_first(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        Skip.If(kernel.IsMultishot, "order of reuse: buffers that are provided already come before those that return");
        using var queue = new TestQueue(kernel, buffers: 8);
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        Assert.Equal([7, 6, 5, 4, 3], Buffers(queue, connection, 5));
        foreach (ulong buffer in new ulong[] { 5, 7, 4 })
        {
            queue.Refill(buffer * TestMemory.Page);
        }

        Results.Equal(0, queue.Flush());
        Assert.Equal([4, 7, 5, 2], Buffers(queue, connection, 4));
    }

    [SkippableTheory, Kernels]
    public void Each_completion_has_a_buffer_of_its_own(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name), buffers: 64);
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        connection.Send(150_000);
        IReadOnlyList<Cqe> data = queue.Ring.TakeBytes(1, 150_000);
        Cqe[] pieces = [.. data.Where(cqe => cqe.IsData)];
        Assert.All(pieces, cqe => Assert.Equal(0ul, cqe.Offset % TestMemory.Page));
        Assert.Equal(pieces.Length, pieces.Select(cqe => cqe.Offset).Distinct().Count());
    }

    /// <summary>Receives small pieces, each of which uses one buffer, and returns the numbers of these buffers in order.</summary>
    private static List<int> Buffers(TestQueue queue, TcpPair connection, int count)
    {
        List<int> buffers = [];
        for (int i = 0; i < count; i++)
        {
            connection.Send(10);
            Cqe piece = Assert.Single(queue.Ring.TakeBytes(1, 10), cqe => cqe.UserData == 1);
            buffers.Add((int)(piece.Offset / TestMemory.Page));
        }

        return buffers;
    }
}
