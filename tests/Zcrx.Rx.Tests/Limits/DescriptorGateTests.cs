using Microsoft.Extensions.Time.Testing;
using Zcrx.Interop.Processes;
using Zcrx.Rx.Listening;
using Zcrx.Rx.Ring;
using Zcrx.Rx.Tests.Support.Rooms;

namespace Zcrx.Rx.Tests.Limits;

/// <summary>Tests that several queues together stay below the descriptor limit of the process.</summary>
public sealed class DescriptorGateTests
{
    private const int Limit = 1000;
    private const int Reserve = 100;

    [Fact]
    public void Connections_of_another_queue_count_before_descriptors_are_read_again()
    {
        DescriptorUse Read() => new(Limit, 0, IsCheap: false);
        Func<DescriptorUse> read = Read;
        FakeTimeProvider clock = new();
        ZcrxQueueOptions options = new() { DescriptorReserve = Reserve };
        QueueContext context = ReceiveBench.ContextOf(options, clock);
        DescriptorGate one = new(read, context);
        DescriptorGate other = new(read, context);
        Assert.True(one.Check().May);
        Assert.True(other.Check().May);

        // The two queues together must stop where a single queue would.
        int accepted = 0;
        while (one.Check().May && other.Check().May && accepted < Limit)
        {
            one.OnAccepted();
            other.OnAccepted();
            accepted += 2;
        }

        Assert.InRange(accepted, Limit - Reserve - 4, Limit - Reserve + 4);
    }
}
