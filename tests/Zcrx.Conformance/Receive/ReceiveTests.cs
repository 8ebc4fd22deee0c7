using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Receive;

public class ReceiveTests
{
    [SkippableTheory, Kernels]
    public void Delivers_the_bytes_of_the_stream_and_ends_with_zero(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 1);
        connection.Send(100_000);
        IReadOnlyList<Cqe> data = queue.Ring.TakeBytes(1, 100_000);
        Assert.Equal(100_000, queue.AssertPattern(data));
        queue.Return(data);
        queue.FlushAll();
        connection.EndSending();
        Cqe end = Assert.Single(queue.Ring.TakeUntilEnd(1), cqe => cqe.UserData == 1);
        Assert.Equal(0, end.Result);
    }
}
