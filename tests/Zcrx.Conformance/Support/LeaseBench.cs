using Zcrx.Interop;
using Zcrx.Interop.Leases;

namespace Zcrx.Conformance.Support;

/// <summary>
/// Runs an interface queue of the library on a kernel under test, with a minimal loop that receives, delivers and returns buffers.
/// </summary>
internal sealed unsafe class LeaseBench : IDisposable
{
    private long _position;

    public LeaseBench(KernelUnderTest kernel, int buffers = 16, uint refillEntries = 0, bool recordOrigins = false, bool isShared = false, bool hugePages = false)
    {
        Kernel = kernel;
        Ring = new TestRing(kernel.Kernel);
        try
        {
            Queue = InterfaceQueue.Register(
                Ring.Ring,
                new InterfaceQueueOptions
                {
                    AreaSize = (nuint)buffers * TestMemory.Page,
                    RefillEntries = refillEntries,
                    NotificationUserData = QueueSetup.NotificationUserData,
                    RecordLeaseOrigins = recordOrigins,
                    SharedMemory = isShared,
                    HugePages = hugePages,
                },
                kernel.Capabilities,
                () => Wakes++);
        }
        catch
        {
            Ring.Dispose();
            Connection.Dispose();
            throw;
        }

        Queue.Ledger.Refill = Return;
    }

    public KernelUnderTest Kernel { get; }

    public TestRing Ring { get; }

    public InterfaceQueue Queue { get; }

    public TcpPair Connection { get; } = new();

    public BufferHolder Holder { get; } = new();

    public int Wakes { get; private set; }

    public BufferLedger Ledger => Queue.Ledger;

    public void Receive(ulong userData)
    {
        Assert.True(Queue.TryPrepareReceive(Connection.Server, userData));
        Assert.Equal(1, Ring.Ring.Submit());
    }

    /// <summary>Sends pieces that use one buffer each, passes each buffer to a consumer, and returns the consumer's results.</summary>
    public List<T> Deliver<T>(int pieces, ulong request, Func<ReceivedBuffer, T> consumer)
    {
        List<T> results = [];
        for (int i = 0; i < pieces; i++)
        {
            Connection.Send(10);
            Cqe cqe = Assert.Single(Ring.TakeBytes(request, 10), cqe => cqe.UserData == request);
            Assert.True(Queue.Contains(cqe.Offset, cqe.Result));
            ReceivedBuffer buffer = Ledger.Borrow.Begin(cqe.Offset, Queue.Areas.MemoryOf(cqe.Offset), Queue.Address(cqe.Offset), cqe.Result, _position, Holder);
            Pattern.AssertAt(buffer.Span, _position);
            results.Add(consumer(buffer));
            _position += cqe.Result;
            if (Ledger.Borrow.End())
            {
                Return(cqe.Offset);
            }
        }

        return results;
    }

    /// <summary>Puts the buffers that other threads have released into the refill queue, and lets the kernel consume them.</summary>
    public void TakeBack()
    {
        Ledger.Drain();
        Deadline.Until(
            () =>
            {
                Results.Equal(0, Queue.Flush());
                return Queue.Refill.Depth == 0;
            },
            "the refill queue is consumed");
    }

    public void Dispose()
    {
        Ring.Dispose();
        Queue.Dispose();
        Connection.Dispose();
    }

    private void Return(ulong offset)
    {
        if (!Queue.Refill.TryAppend(offset))
        {
            Results.Equal(0, Queue.Flush());
            Assert.True(Queue.Refill.TryAppend(offset));
        }
    }
}
