using Zcrx.Conformance.Support;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.Errno;
using static Zcrx.Interop.Abi.LinuxIoUringZcrx;

namespace Zcrx.Conformance.Nic;

/// <summary>Tests a device that is removed while queues use it, and added again. The kernel posts no completion for the removal.</summary>
public unsafe class NicRemovalTests : IClassFixture<LeakCheck>
{
    [SkippableTheory]
    [Kernels]
    public void Arrived_bytes_can_be_received_after_the_removal_and_nothing_else_is_reported(string name)
    {
        NicUnderTest nic = NicUnderTest.Open(name);
        using var queue = new NicQueue(nic);
        TcpPair armed = queue.Connect();
        TcpPair later = queue.Connect();
        queue.Queue.Receive(armed, 1);
        foreach (TcpPair connection in new[] { armed, later })
        {
            connection.Send(5000);
            connection.AwaitArrival(5000);
        }

        nic.Control("remove");
        try
        {
            Assert.Equal(5000, queue.Queue.AssertPattern(queue.Queue.Ring.TakeBytes(1, 5000)));
            armed.SendSome(5000);
            queue.Queue.Receive(later, 2);
            IReadOnlyList<Cqe> landed = queue.Queue.Ring.TakeBytes(2, 5000);
            Assert.Equal(5000, queue.Queue.AssertPattern(landed));
            // The kernel reports the removal neither by the end of the request nor by a notification.
            Assert.Empty(queue.Queue.Ring.Settle());

            // The queue without its device can still take buffers back, be exported, and cancel requests.
            queue.Queue.Return(landed);
            queue.Queue.FlushAll();
            int exported = queue.Queue.Export();
            nic.Kernel.Kernel.Close(exported);
            if (nic.Kernel.Capabilities.Notifications)
            {
                Results.Equal(-EINVAL, queue.Queue.Arm(ZCRX_EVENT_COPY));
            }

            if (nic.Kernel.Capabilities.Support(ZcrxFeature.AddArea) == ZcrxSupport.Yes)
            {
                Results.Equal(-EFAULT, AddArea(queue.Queue));
            }

            queue.Queue.Ring.Cancel(1, 3);
            Results.Equal(-ECANCELED, Assert.Single(queue.Queue.Ring.TakeUntilEnd(1), cqe => cqe.UserData == 1).Result);
        }
        finally
        {
            nic.Control("restore");
        }
    }

    [SkippableTheory]
    [Kernels]
    public void Streams_of_a_restored_device_continue_with_copies_until_a_new_queue_receives_them(string name)
    {
        NicUnderTest nic = NicUnderTest.Open(name, ZcrxFeature.Statistics);
        using var queue = new NicQueue(nic);
        TcpPair connection = queue.Connect();
        queue.Queue.Receive(connection, 1);
        connection.Send(50_000);
        long position = queue.ReceiveUpTo(connection, 1, 0, connection.Sent);
        Assert.Equal(0ul, queue.Queue.CopyCount);

        // The sender does not stop while the device is removed and added again.
        using (var stop = new CancellationTokenSource())
        {
            var sender = new Thread(() =>
            {
                while (!stop.IsCancellationRequested && connection.Sent < 2_000_000)
                {
                    connection.SendSome(4096);
                    Thread.Yield();
                }
            });
            sender.Start();
            try
            {
                nic.Control("remove");
                queue.Queue.Ring.RunTurn();
            }
            finally
            {
                nic.Control("restore");
                stop.Cancel();
                sender.Join();
            }
        }

        connection.Send(50_000);
        position = queue.ReceiveUpTo(connection, 1, position, connection.Sent);
        Assert.InRange(queue.Queue.CopyCount, 1ul, ulong.MaxValue);

        using var next = new TestQueue(nic.Kernel, 256, 256, completionEntries: 1024, nic: nic);
        queue.Port.SteerBack();
        connection.Send(5000);
        Results.Equal(-EFAULT, Assert.Single(queue.Queue.Ring.TakeUntilEnd(1), cqe => cqe.UserData == 1 && !cqe.HasMore).Result);
        next.Receive(connection, 2);
        Assert.Equal(position + 5000, next.AssertPattern(next.Ring.TakeBytes(2, 5000), position));
        Assert.Equal(0ul, next.CopyCount);
    }

    [SkippableTheory]
    [Kernels]
    public void Removed_device_refuses_a_registration_with_ENODEV_and_leaves_the_ring_usable(string name)
    {
        NicUnderTest nic = NicUnderTest.Open(name);
        using (var queue = new NicQueue(nic))
        {
            TcpPair connection = queue.Connect();
            queue.Queue.Receive(connection, 1);
            connection.Send(50_000);
            // At the removal, the test holds some bytes and others are in flight.
            IReadOnlyList<Cqe> held = queue.Queue.Ring.TakeBytes(1, 50_000);
            connection.SendSome(50_000);
            nic.Control("remove");
            try
            {
                queue.Queue.Ring.Settle();
                Assert.Equal(50_000, queue.Queue.AssertPattern(held));
                using var ring = new TestRing(nic.Kernel.Kernel);
                ZcrxDeviceException gone = Assert.Throws<ZcrxDeviceException>(() => InterfaceQueue.Register(
                    ring.Ring, new InterfaceQueueOptions { Interface = nic.Interface, RxQueue = nic.Queue, AreaSize = 64 * TestMemory.Page }, nic.Kernel.Capabilities));
                Assert.Equal(ENODEV, gone.ErrorNumber);
                queue.Queue.Return(held);
                queue.Queue.FlushAll();
                queue.Queue.Ring.Cancel(1, 2);
                Results.Equal(-ECANCELED, Assert.Single(queue.Queue.Ring.TakeUntilEnd(1), cqe => cqe.UserData == 1 && !cqe.HasMore).Result);
            }
            finally
            {
                nic.Control("restore");
            }
        }

        using NicQueue next = new NicQueue(nic);
        TcpPair another = next.Connect();
        next.Queue.Receive(another, 1);
        another.Send(20_000);
        next.ReceiveUpTo(another, 1, 0, 20_000);
    }

    private static int AddArea(TestQueue queue)
    {
        using var memory = new TestMemory(64 * TestMemory.Page);
        io_uring_zcrx_area_reg area = new() { addr = (ulong)memory.Address, len = memory.Length };
        zcrx_ctrl control = new() { zcrx_id = queue.Id, op = ZCRX_CTRL_ADD_AREA };
        control.zc_area.area_ptr = (ulong)&area;
        return queue.Ring.Register(LinuxIoUring.IORING_REGISTER_ZCRX_CTRL, &control, 0);
    }
}
