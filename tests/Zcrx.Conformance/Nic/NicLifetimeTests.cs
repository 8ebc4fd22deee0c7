using System.Globalization;
using Zcrx.Conformance.Child;
using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Nic;

/// <summary>Tests what remains of a stream when its process is killed or its link goes down.</summary>
public class NicLifetimeTests : IClassFixture<LeakCheck>
{
    [SkippableTheory]
    [Kernels]
    public void A_killed_receiver_leaves_the_queue_to_the_next_one_at_once(string name)
    {
        Skip.If(name != KernelUnderTest.Linux, "an emulated NIC does not outlive its process");
        NicUnderTest nic = NicUnderTest.Open(name);
        for (int round = 0; round < Scale.Of(5, 50); round++)
        {
            using var child = new ChildProcess("receive-nic");
            ushort port = ushort.Parse(child.Await("LISTENING"), CultureInfo.InvariantCulture);
            nic.Steer(port, nic.Queue);
            int client = nic.Connect(port);
            byte[] data = new byte[60_000];
            Pattern.Fill(data, 0);
            int sent = Posix.SendNow(client, data);
            child.Await("RECEIVED");
            // Leaves unprocessed bytes behind: some in the socket and some in buffers that the child holds.
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
    public void Streams_continue_after_the_link_was_down(string name)
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
}
