using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Multishot;

namespace Zcrx.Interop.Tests.Multishot;

/// <summary>Tests a ring of the machine's kernel that overflows. Completions of filled buffers then wait in the kernel.</summary>
public unsafe class HostOverflowTests
{
    private const int Connections = 32;
    private const int Entries = 64;
    // The user data of receives starts at 1, because notifications of the queue have 0.
    private const ulong First = 1;
    private const ulong Other = 1000;

    /// <summary>Gets true for receives that start with a read, and false for multishot receives.</summary>
    public static TheoryData<bool> IsRead => [true, false];

    [SkippableTheory]
    [MemberData(nameof(IsRead))]
    public void Filled_buffers_whose_completions_wait_in_the_kernel_are_not_used_twice(bool isRead)
    {
        string? reason = MultishotKernel.WhyNot(HostFacts.Read());
        Skip.If(reason is not null, reason);
        ShortRingKernel host = new(submissionEntries: 8, completionEntries: 16);
        MultishotKernel kernel = new(host, new EmulatedKernelOptions(), method: new ReceiveMethod(isRead, Streak: 0));
        using Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        listener.Listen(Connections);
        List<Socket> peers = [];
        List<Socket> sockets = [];
        using IoRing ring = IoRing.Create(kernel, new IoRingOptions { SubmissionEntries = Entries, CompletionEntries = Entries });
        InterfaceQueue queue = InterfaceQueue.Register(
            ring, new InterfaceQueueOptions { AreaSize = (nuint)(4 * Connections * Environment.SystemPageSize) }, ZcrxCapabilities.Query(kernel));
        try
        {
            for (int i = 0; i < Connections; i++)
            {
                Socket peer = new(SocketType.Stream, ProtocolType.Tcp);
                peers.Add(peer);
                peer.Connect(listener.LocalEndPoint!);
                sockets.Add(listener.Accept());
                Assert.True(queue.TryPrepareReceive((int)sockets[i].Handle, First + (ulong)i), "the submission queue has room");
            }

            Assert.True(ring.SubmitAndWait(0) >= 0);
            Dictionary<ulong, byte> received = [];
            for (int round = 0; round < 3; round++)
            {
                for (int i = 0; i < Connections; i++)
                {
                    peers[i].Send([(byte)((round * Connections) + i)]);
                    Assert.True(sockets[i].Poll(Deadline.Limit, SelectMode.SelectRead), "the byte has arrived");
                }

                Receive(ring, queue, sockets, round, received);
                Assert.All(received, buffer => Assert.Equal(buffer.Value, *queue.Address(buffer.Key)));
            }

            Assert.True(host.Overflows > 0, "the host ring overflows");
        }
        finally
        {
            ring.Dispose();
            queue.Dispose();
            peers.ForEach(static peer => peer.Dispose());
            sockets.ForEach(static socket => socket.Dispose());
        }
    }

    /// <summary>
    /// Receives one byte on each connection and keeps the buffers. Completions of other requests fill both rings at the same time.
    /// </summary>
    private static void Receive(IoRing ring, InterfaceQueue queue, List<Socket> sockets, int round, Dictionary<ulong, byte> received)
    {
        for (int i = 0; i < Entries; i++)
        {
            io_uring_sqe* entry = ring.Submission.TryPrepare();
            *entry = new io_uring_sqe { opcode = LinuxIoUring.IORING_OP_NOP, fd = -1, user_data = Other };
        }

        HashSet<ulong> connections = [];
        for (int others = 0; others < Entries || connections.Count < Connections;)
        {
            int result = ring.SubmitAndWait(1, Deadline.Limit);
            Assert.True(result >= 0 || result == -Errno.EINTR, $"enter returns {result}");
            uint ready = ring.Completion.Ready;
            for (uint i = 0; i < ready; i++)
            {
                Completion completion = ring.Completion.Peek(i);
                if (completion.UserData == Other)
                {
                    others++;
                }
                else if (completion.UserData is >= First and < First + Connections)
                {
                    int index = (int)(completion.UserData - First);
                    if (!completion.HasMore)
                    {
                        // A receive that finds no free completion slot ends, and the test issues it again.
                        Assert.Equal(-Errno.ENOSPC, completion.Result);
                        Assert.True(queue.TryPrepareReceive((int)sockets[index].Handle, completion.UserData), "the submission queue has room");
                        continue;
                    }

                    Assert.Equal(1, completion.Result);
                    Assert.True(connections.Add(completion.UserData), "each connection has one byte");
                    byte expected = (byte)((round * Connections) + index);
                    Assert.True(received.TryAdd(completion.BufferOffset, expected), "the buffer is not in use");
                }
            }

            ring.Completion.Advance(ready);
        }
    }
}
