using Zcrx.Conformance.Support;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Conformance.Receive;

/// <summary>Tests an exhausted pool and a full completion ring on kernels that strand the request (7.1, and 7.2.0 to 7.2.9).</summary>
public class StrandedReceiveTests : IClassFixture<LeakCheck>
{
    private const int Sent = 32_768;
    private const ulong CancelUserData = 0xC0;

    [SkippableTheory, Kernels]
    public void A_request_that_empties_the_pool_stays_armed_with_bytes_in_the_socket(string name)
    {
        using TestQueue queue = Create(name, buffers: 4);
        using var connection = new TcpPair();
        (IReadOnlyList<Cqe> completions, long position) = Strand(queue, connection);

        // On these kernels, a returned buffer does not wake the request.
        queue.Return(completions);
        queue.FlushAll();
        Assert.Empty(queue.Ring.Settle());
        Assert.Equal(Sent - position, Posix.BytesWaiting(connection.Server));
    }

    [SkippableTheory, Kernels]
    public void A_stranded_request_that_is_cancelled_and_issued_again_delivers_the_rest(string name)
    {
        using TestQueue queue = Create(name, buffers: 4);
        using var connection = new TcpPair();
        (IReadOnlyList<Cqe> completions, long position) = Strand(queue, connection);
        for (ulong request = 1; position < Sent; request++)
        {
            queue.Return(completions);
            queue.FlushAll();
            if (completions.All(static cqe => cqe.HasMore))
            {
                queue.Ring.Cancel(request, CancelUserData);
                Results.Equal(-ECANCELED, queue.Ring.TakeUntilEnd(request)[^1].Result);
            }

            ulong next = request + 1;
            queue.Receive(connection, next);
            queue.Ring.RunUntil(all => all.Any(cqe => cqe.UserData == next), "the request issued again delivers or ends");
            completions = [.. queue.Ring.Settle().Where(cqe => cqe.UserData == next)];
            position = queue.AssertPattern(completions, position);
        }

        Assert.Equal(Sent, position);
    }

    [SkippableTheory, Kernels]
    public void A_stranded_request_is_woken_by_the_next_packet(string name)
    {
        using TestQueue queue = Create(name, buffers: 4);
        using var connection = new TcpPair();
        (IReadOnlyList<Cqe> completions, long position) = Strand(queue, connection);
        queue.Return(completions);
        queue.FlushAll();
        connection.Send(100);
        queue.Ring.RunUntil(static all => all.Any(static cqe => cqe.IsData), "the next packet wakes the request");
        Assert.True(queue.AssertPattern(queue.Ring.TakeAll(), position) > position);
    }

    /// <summary>Runs request 1 until it has used up the pool.</summary>
    /// <returns>The completions of the request, and the number of bytes that they delivered.</returns>
    private static (Cqe[] Completions, long Position) Strand(TestQueue queue, TcpPair connection)
    {
        queue.Receive(connection, 1);
        queue.Ring.Settle();
        connection.Send(Sent);
        queue.Ring.RunUntil(static all => all.Count(static cqe => cqe.IsData) == 4, "the pool is used up");
        Cqe[] completions = [.. queue.Ring.TakeAll(), .. queue.Ring.Settle()];
        Assert.All(completions, static cqe => Assert.True(cqe.HasMore, "the request has ended"));
        connection.AwaitArrival(Sent - completions.Sum(static cqe => cqe.Result));
        return (completions, queue.AssertPattern(completions));
    }

    private static TestQueue Create(string name, int buffers)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        Skip.IfNot(kernel.StrandsReceives, $"a request that runs out ends on {kernel.Kernel.Description}");
        return new TestQueue(kernel, buffers, completionEntries: 256, notifications: 0);
    }
}
