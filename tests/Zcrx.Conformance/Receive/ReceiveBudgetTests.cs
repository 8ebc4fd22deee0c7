using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Receive;

public class ReceiveBudgetTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Budget_ends_the_request_with_zero_after_exactly_its_number_of_bytes(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenWithExactBudgets(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 1, budget: 5000);
        connection.Send(3000);
        connection.Send(4000);
        IReadOnlyList<Cqe> completions = queue.Ring.TakeUntilEnd(1);
        Assert.Equal(5000, queue.AssertPattern(completions));
        Assert.Equal(0, completions.Last(cqe => cqe.UserData == 1).Result);

        queue.Receive(connection, 2);
        Assert.Equal(7000, queue.AssertPattern(queue.Ring.TakeBytes(2, 2000), 5000));
    }

    [SkippableTheory, Kernels]
    public void A_budget_of_one_byte_takes_one_byte(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenWithExactBudgets(name));
        using var connection = new TcpPair();
        connection.Send(3);
        for (int i = 0; i < 3; i++)
        {
            queue.Receive(connection, 1, budget: 1);
            IReadOnlyList<Cqe> completions = queue.Ring.TakeUntilEnd(1);
            Assert.Equal(i + 1, queue.AssertPattern(completions, i));
        }
    }

    [SkippableTheory, Kernels]
    public void A_budget_is_kept_over_several_packets(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenWithExactBudgets(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 1, budget: 1000);
        long position = 0;
        for (int i = 0; i < 4; i++)
        {
            connection.Send(200);
            position = queue.AssertPattern(queue.Ring.TakeBytes(1, 200), position);
        }

        connection.Send(300);
        IReadOnlyList<Cqe> rest = queue.Ring.TakeUntilEnd(1);
        Assert.Equal(1000, queue.AssertPattern(rest, position));
        connection.AwaitArrival(100);
        Assert.Equal(100, Posix.BytesWaiting(connection.Server));
    }

    [SkippableTheory, Kernels]
    public void A_budget_larger_than_the_stream_ends_with_the_stream(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        queue.Receive(connection, 1, budget: uint.MaxValue);
        connection.Send(9000);
        connection.EndSending();
        IReadOnlyList<Cqe> completions = queue.Ring.TakeUntilEnd(1);
        Assert.Equal(9000, queue.AssertPattern(completions));
        Assert.Equal(0, completions.Last(cqe => cqe.UserData == 1).Result);
    }

    [SkippableTheory, Kernels]
    public void A_budget_that_the_stream_meets_exactly_leaves_the_end_to_the_next_request(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        connection.Send(4096);
        connection.EndSending();
        connection.AwaitArrival(4096);
        queue.Receive(connection, 1, budget: 4096);
        IReadOnlyList<Cqe> completions = queue.Ring.TakeUntilEnd(1);
        Assert.Equal(4096, queue.AssertPattern(completions));
        Assert.Single(completions, cqe => cqe.UserData == 1 && !cqe.HasMore);
        queue.Receive(connection, 2);
        Assert.Equal(0, Assert.Single(queue.Ring.TakeUntilEnd(2), cqe => cqe.UserData == 2).Result);
    }

    [SkippableTheory, Kernels]
    public void Budget_that_is_exceeded_ends_the_request_and_loses_no_byte(string name)
    {
        using var queue = new TestQueue(KernelUnderTest.OpenDeviceLess(name));
        using var connection = new TcpPair();
        connection.Send(20_000);
        connection.EndSending();
        connection.AwaitArrival(20_000);
        long position = 0;
        for (ulong request = 1; position < 20_000; request++)
        {
            queue.Receive(connection, request, budget: 3000);
            IReadOnlyList<Cqe> completions = queue.Ring.TakeUntilEnd(request);
            long before = position;
            position = queue.AssertPattern(completions, position);
            Assert.True(position >= before + 3000 || position == 20_000, $"request {request} ends after {position - before} bytes");
            Assert.Equal(0, completions.Last(cqe => cqe.UserData == request).Result);
        }
    }
}
