using System.Globalization;
using Zcrx.Conformance.Child;
using Zcrx.Conformance.Support;
using Zcrx.Interop;
using static Zcrx.Interop.Abi.Errno;

namespace Zcrx.Conformance.Nic;

/// <summary>Processes, links and devices that go away in the middle of a stream.</summary>
public class NicLifetimeTests : IClassFixture<LeakCheck>
{
    [SkippableTheory]
    [Kernels]
    public void A_killed_receiver_leaves_the_queue_to_the_next_one_at_once(string name)
    {
        Skip.If(name != KernelUnderTest.Linux, "an emulated NIC does not outlive its process");
        NicUnderTest nic = NicUnderTest.Open(name);
        string queue = nic.Queue.ToString(CultureInfo.InvariantCulture);
        for (int round = 0; round < 5; round++)
        {
            using var child = new ChildProcess("receive-nic");
            ushort port = ushort.Parse(child.Await("LISTENING"), CultureInfo.InvariantCulture);
            nic.Control("steer", port.ToString(CultureInfo.InvariantCulture), queue);
            int client = nic.Connect(port);
            byte[] data = new byte[60_000];
            Pattern.Fill(data, 0);
            int sent = Posix.SendNow(client, data);
            child.Await("RECEIVED");
            // With bytes under way, in buffers that the child holds and in the socket.
            _ = Posix.SendNow(client, data.AsSpan(sent));
            child.Kill();
            nic.Unsteer(port);
            Posix.Close(client);

            using var next = new NicQueue(nic);
            TcpPair connection = next.Connect();
            next.Queue.Receive(connection, 1);
            connection.Send(20_000);
            next.ReceiveUpTo(connection, 1, 0, 20_000);
        }
    }

    [SkippableTheory]
    [Kernels]
    public void Streams_go_on_after_the_link_was_down(string name)
    {
        using var nic = new NicQueue(NicUnderTest.Open(name, ZcrxFeature.Statistics));
        TcpPair connection = nic.Connect();
        nic.Queue.Receive(connection, 1);
        connection.Send(50_000);
        long position = nic.ReceiveUpTo(connection, 1, 0, 50_000);
        nic.Nic.Control("link", "down");
        connection.SendSome(50_000);
        nic.Nic.Control("link", "up");
        position = nic.ReceiveUpTo(connection, 1, position, connection.Sent);
        connection.Send(50_000);
        nic.ReceiveUpTo(connection, 1, position, connection.Sent);
        Assert.Equal(0ul, nic.Queue.CopyCount);
    }

    [SkippableTheory]
    [Kernels]
    public void A_device_that_is_removed_leaves_the_ring_usable_and_is_named(string name)
    {
        NicUnderTest nic = NicUnderTest.Open(name);
        using (var queue = new NicQueue(nic))
        {
            TcpPair connection = queue.Connect();
            queue.Queue.Receive(connection, 1);
            connection.Send(50_000);
            // Held, and more on the way, when the device goes.
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
}
