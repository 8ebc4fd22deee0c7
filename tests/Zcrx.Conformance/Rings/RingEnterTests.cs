using System.Diagnostics;
using Zcrx.Conformance.Support;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Conformance.Rings;

public unsafe class RingEnterTests : IClassFixture<LeakCheck>
{
    [SkippableTheory, Kernels]
    public void Requests_complete_in_order_over_many_laps(string name)
    {
        using var ring = new TestRing(KernelUnderTest.Open(name).Kernel, completionEntries: 16, submissionEntries: 8);
        ulong next = 0;
        for (int lap = 0; lap < 50; lap++)
        {
            for (int i = 0; i < 5; i++)
            {
                ring.Nop(next + (ulong)i);
            }

            Assert.Equal(5, ring.Ring.SubmitAndWait(5));
            Assert.Equal(Enumerable.Range(0, 5).Select(i => next + (ulong)i), ring.Take(5).Select(cqe => cqe.UserData));
            next += 5;
        }
    }

    [SkippableTheory, Kernels]
    public void Full_submission_ring_is_submitted_at_once(string name)
    {
        using var ring = new TestRing(KernelUnderTest.Open(name).Kernel, completionEntries: 16, submissionEntries: 8);
        for (ulong i = 0; i < 8; i++)
        {
            ring.Nop(i);
        }

        Assert.True(ring.Ring.Submission.TryPrepare() == null);
        Assert.Equal(8, ring.Ring.Submit());
        Assert.Equal(0u, ring.Ring.Submission.Pending);
        Assert.Equal(8, ring.Take(8).Count);
    }

    [SkippableTheory, Kernels]
    public void Wait_that_times_out_returns_ETIME(string name)
    {
        using var ring = new TestRing(KernelUnderTest.Open(name).Kernel);
        var clock = Stopwatch.StartNew();
        int result;
        do
        {
            // A signal of the runtime may interrupt the wait.
            result = ring.Ring.SubmitAndWait(1, TimeSpan.FromMilliseconds(20));
        }
        while (result == -EINTR);

        Results.Equal(-ETIME, result);
        Assert.InRange(clock.ElapsedMilliseconds, 15, (long)Deadline.Limit.TotalMilliseconds);
    }

    [SkippableTheory, Kernels]
    public void Wait_for_ready_completions_returns_at_once(string name)
    {
        using var ring = new TestRing(KernelUnderTest.Open(name).Kernel);
        ring.Nop(1);
        Assert.Equal(1, ring.Ring.SubmitAndWait(1));
        Results.Equal(0, ring.Ring.SubmitAndWait(1, Deadline.Limit));
        Assert.Single(ring.Take(1));
    }

    [SkippableTheory, Kernels]
    public void Submitted_entries_are_counted_even_when_the_wait_times_out(string name)
    {
        using var ring = new TestRing(KernelUnderTest.Open(name).Kernel);
        ring.Nop(1);
        Assert.Equal(1, ring.Ring.SubmitAndWait(2, TimeSpan.FromMilliseconds(20)));
    }

    [SkippableTheory, Kernels]
    public void Unknown_request_fails_with_EINVAL_and_other_requests_complete(string name)
    {
        using var ring = new TestRing(KernelUnderTest.Open(name).Kernel);
        ring.Nop(1);
        io_uring_sqe* entry = ring.Prepare();
        entry->opcode = 255;
        entry->user_data = 2;
        ring.Nop(3);
        Assert.Equal(3, ring.Ring.SubmitAndWait(3));
        Assert.Equal([(1ul, 0), (2ul, -EINVAL), (3ul, 0)], ring.Take(3).OrderBy(cqe => cqe.UserData).Select(cqe => (cqe.UserData, cqe.Result)));
    }

    [SkippableTheory, Kernels]
    public void Odd_arguments_are_refused(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        using var ring = new TestRing(kernel.Kernel);
        int fd = ring.Ring.Fd;
        Results.Equal(-EINVAL, kernel.Kernel.Enter(fd, 0, 0, 1u << 31, null, 0));
        Results.Equal(-EBADF, kernel.Kernel.Enter(-1, 0, 0, 0, null, 0));
        io_uring_getevents_arg argument = default;
        Results.Equal(-EINVAL, kernel.Kernel.Enter(fd, 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &argument, 7));
    }

    [SkippableTheory, Kernels]
    public void Submitting_more_entries_than_are_prepared_is_no_error(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        using var ring = new TestRing(kernel.Kernel);
        ring.Nop(1);
        ring.Ring.Submission.Publish();
        Assert.Equal(1, kernel.Kernel.Enter(ring.Ring.Fd, 20, 0, 0, null, 0));
        Assert.Single(ring.Take(1));
    }

    [SkippableTheory, Kernels]
    public void Tail_beyond_the_ring_submits_at_most_the_entries_of_the_ring(string name)
    {
        KernelUnderTest kernel = KernelUnderTest.Open(name);
        using var setup = new RawMappedRing(kernel.Kernel);
        setup.SubmissionTail = 0x8000_0000;
        int submitted = kernel.Kernel.Enter(setup.Fd, 100, 0, IORING_ENTER_GETEVENTS, null, 0);
        Assert.InRange(submitted, 0, (int)setup.Entries);
    }

    [SkippableTheory, Kernels]
    public void Poll_request_completes_when_its_socket_is_ready(string name)
    {
        using var ring = new TestRing(KernelUnderTest.Open(name).Kernel);
        using var connection = new TcpPair();
        io_uring_sqe* entry = ring.Prepare();
        entry->opcode = IORING_OP_POLL_ADD;
        entry->fd = connection.Server;
        entry->poll32_events = 1;
        entry->user_data = 4;
        Assert.Equal(1, ring.Ring.Submit());
        Assert.Empty(ring.Settle());
        connection.Send(1);
        Assert.Equal(1, Assert.Single(ring.Take(1)).Result & 1);
    }

    [SkippableTheory, Kernels]
    public void Connections_can_be_accepted_by_one_request(string name)
    {
        using var ring = new TestRing(KernelUnderTest.Open(name).Kernel);
        (int listener, ushort port) = Posix.Listen();
        List<int> open = [listener];
        try
        {
            io_uring_sqe* entry = ring.Prepare();
            entry->opcode = IORING_OP_ACCEPT;
            entry->fd = listener;
            entry->ioprio = IORING_ACCEPT_MULTISHOT;
            entry->accept_flags = Posix.SOCK_CLOEXEC;
            entry->user_data = 4;
            Assert.Equal(1, ring.Ring.Submit());
            for (int i = 0; i < 3; i++)
            {
                open.Add(Posix.Connect(port));
            }

            foreach (Cqe accepted in ring.Take(3))
            {
                Assert.True(accepted.HasMore && accepted.Result >= 0, accepted.ToString());
                open.Add(accepted.Result);
                Assert.True(Posix.IsCloseOnExec(accepted.Result));
            }

            ring.Cancel(4, 5);
            Results.Equal(-ECANCELED, ring.TakeUntilEnd(4).Single(cqe => cqe.UserData == 4).Result);
        }
        finally
        {
            open.ForEach(Posix.Close);
        }
    }

    [SkippableTheory, Kernels]
    public void An_event_descriptor_wakes_a_waiting_ring(string name)
    {
        using var ring = new TestRing(KernelUnderTest.Open(name).Kernel);
        int signal = Interop.Kernel.Libc.EventFd(0, Interop.Kernel.Libc.EFD_CLOEXEC | Interop.Kernel.Libc.EFD_NONBLOCK);
        try
        {
            ulong value = 0;
            io_uring_sqe* entry = ring.Prepare();
            entry->opcode = IORING_OP_READ;
            entry->fd = signal;
            entry->addr = (ulong)&value;
            entry->len = sizeof(ulong);
            entry->off = ulong.MaxValue;
            entry->user_data = 4;
            Assert.Equal(1, ring.Ring.Submit());
            var thread = new Thread(() =>
            {
                ulong three = 3;
                _ = Interop.Kernel.Libc.Write(signal, &three, sizeof(ulong));
            });
            thread.Start();
            Assert.Equal(sizeof(ulong), Assert.Single(ring.Take(1)).Result);
            Assert.Equal(3ul, value);
            thread.Join();
        }
        finally
        {
            Posix.Close(signal);
        }
    }
}
