using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Rings;

/// <summary>
/// Tests a ring whose completions have two sizes: only completions with payload are large. A queue also accepts such a ring.
/// </summary>
public unsafe class MixedCompletionTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Data_completions_take_two_slots_and_never_wrap_around(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.OpenDeviceLess(name);
        using var setup = new QueueSetup(kernel, buffers: 256, notifications: 0);
        using var connection = new TcpPair();
        using var ring = new RawMappedRing(kernel.Kernel, IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_CQE_MIXED, completionEntries: 16);
        Results.Equal(0, kernel.Kernel.Register(ring.Fd, IORING_REGISTER_ZCRX_IFQ, setup.Registration, 1));
        ring.Submit(new io_uring_sqe
        {
            opcode = IORING_OP_RECV_ZC, ioprio = IORING_RECV_MULTISHOT, fd = connection.Server, zcrx_ifq_idx = setup.Registration->zcrx_id, user_data = 1,
        });
        long received = 0;
        int skipped = 0;
        for (int i = 0; i < 100; i++)
        {
            // After an odd number of small completions, one slot is left at the end of the ring. A large completion does not fit there, so
            // the kernel skips the slot.
            if (i % 3 == 0)
            {
                ring.Submit(new io_uring_sqe { opcode = IORING_OP_NOP, user_data = 2 });
            }

            connection.Send(10);
            long before = received;
            Deadline.Until(
                () =>
                {
                    foreach ((io_uring_cqe cqe, ulong offset) in ring.Run())
                    {
                        if ((cqe.flags & IORING_CQE_F_SKIP) != 0)
                        {
                            skipped++;
                        }
                        else if (cqe.user_data == 1)
                        {
                            Assert.Equal(IORING_CQE_F_MORE | IORING_CQE_F_32, cqe.flags);
                            Pattern.AssertAt(setup.Area.Span((nuint)offset, cqe.res), received);
                            received += cqe.res;
                        }
                        else
                        {
                            Assert.Equal(0u, cqe.flags & IORING_CQE_F_32);
                        }
                    }

                    return received == before + 10;
                },
                "ten more bytes arrive");
        }

        Assert.NotEqual(0, skipped);
    }
}
