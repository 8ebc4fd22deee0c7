using Zcrx.Conformance.Support;

namespace Zcrx.Conformance.Nic;

/// <summary>Represents a queue of the NIC under test, and a port whose connections arrive on it.</summary>
internal sealed class NicQueue : IDisposable
{
    public NicQueue(NicUnderTest nic, int buffers = 256, uint entries = 256, uint? notifications = null)
    {
        Nic = nic;
        Queue = new TestQueue(nic.Kernel, buffers, entries, completionEntries: 1024, notifications, nic: nic);
        Port = new NicPort(nic);
    }

    public NicUnderTest Nic { get; }

    public TestQueue Queue { get; }

    public NicPort Port { get; }

    /// <summary>Opens a connection from the sender's network namespace. It is closed with the queue at the latest.</summary>
    public TcpPair Connect() => Port.Connect();

    /// <summary>Receives a stream up to a position, checks it, and returns every buffer.</summary>
    /// <returns>The stream position that was reached.</returns>
    public long ReceiveUpTo(TcpPair connection, ulong request, long position, long end)
    {
        Deadline.Watch watch = Deadline.Start($"the stream comes from {position} to {end}");
        while (position < end)
        {
            Queue.Ring.RunTurn();
            IReadOnlyList<Cqe> completions = Queue.Ring.TakeAll();
            position = Queue.AssertPattern(completions, position);
            Queue.Return(completions);
            Queue.FlushAll();
            if (completions.Any(cqe => cqe.UserData == request && !cqe.HasMore))
            {
                Queue.Receive(connection, request);
            }

            watch.Check(() => $"{position} are there, and {Posix.BytesWaiting(connection.Server)} in the socket");
        }

        return position;
    }

    public void Dispose()
    {
        Port.Dispose();
        Queue.Dispose();
    }
}
