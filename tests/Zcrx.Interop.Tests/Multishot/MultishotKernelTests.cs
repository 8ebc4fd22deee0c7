using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Tests.Multishot;

/// <summary>
/// Tests how <see cref="MultishotKernel"/>, which uses the machine's io_uring, differs from the emulated kernel. The conformance suite
/// tests the common behaviour.
/// </summary>
public class MultishotKernelTests
{
    private const int Buffers = 4096;

    [Fact]
    public void Kernel_with_emulated_interfaces_is_refused()
    {
        EmulatedNic nic = new(new EmulatedNicOptions { Name = "enic0" });

        Assert.Throws<ArgumentOutOfRangeException>(() => new MultishotKernel(new EmulatedKernelOptions { Nics = [nic] }));
    }

    [SkippableFact]
    public void Small_messages_use_a_small_part_of_the_area_again_and_again()
    {
        using Connection connection = Connection.Open(Buffers);
        HashSet<ulong> used = [];
        for (int i = 0; i < 2 * Buffers; i++)
        {
            connection.Peer.Send([(byte)i]);
            Completion completion = connection.Take();
            Assert.Equal(1, completion.Result);
            used.Add(completion.BufferOffset);
            connection.Return(completion.BufferOffset);
        }

        Assert.InRange(used.Count, 1, Buffers / 2);
    }

    [SkippableFact]
    public void Connections_need_no_descriptors_of_the_kernel()
    {
        using Connection connection = Connection.Open(64);
        connection.Peer.Send([1]);
        Assert.Equal(1, connection.Take().Result);

        // The emulation would need a duplicate of the socket's descriptor.
        string socket = ReadLink((int)connection.Socket.Handle);
        connection.CloseDescriptor();
        Assert.Single(Directory.EnumerateFiles("/proc/self/fd"), path => ReadLink(int.Parse(Path.GetFileName(path), null)) == socket);
    }

    [SkippableFact]
    public void Receive_of_a_closed_descriptor_ends_when_the_pool_is_exhausted()
    {
        using Connection connection = Connection.Open(4);
        connection.CloseDescriptor();
        // Five pages exhaust the pool of four buffers. Another file may have the number of the closed descriptor and must not be read.
        connection.Peer.Send(new byte[5 * Environment.SystemPageSize]);

        int received = 0;
        Completion completion = connection.Take();
        for (; completion.HasMore; completion = connection.Take())
        {
            received++;
        }

        Assert.Equal(4, received);
        Assert.Equal(-Errno.EBADF, completion.Result);
    }

    private static string ReadLink(int fd)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/self/fd/{fd}", returnFinalTarget: false)?.Name ?? "";
        }
        catch (IOException)
        {
            // Another test has closed the descriptor.
            return "";
        }
    }

    /// <summary>Represents a queue of this kernel that receives from one connection over loopback.</summary>
    private sealed class Connection : IDisposable
    {
        private const ulong Request = 1;

        private readonly IoRing _ring;
        private readonly InterfaceQueue _queue;
        // A duplicate, so that the descriptor can be closed while the socket stays open.
        private int _fd;

        private Connection(IoRing ring, InterfaceQueue queue, Socket peer, Socket socket, int fd)
        {
            _fd = fd;
            _ring = ring;
            _queue = queue;
            Peer = peer;
            Socket = socket;
        }

        public Socket Peer { get; }

        public Socket Socket { get; }

        public static Connection Open(int buffers)
        {
            string? reason = MultishotKernel.WhyNot(HostFacts.Read());
            Skip.If(reason is not null, reason);
            MultishotKernel kernel = new();
            using Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            listener.Listen();
            Socket peer = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            peer.Connect(listener.LocalEndPoint!);
            Socket socket = listener.Accept();
            IoRing ring = IoRing.Create(kernel, new IoRingOptions { SubmissionEntries = 8, CompletionEntries = 1024 });
            InterfaceQueue queue = InterfaceQueue.Register(ring, new InterfaceQueueOptions { AreaSize = (nuint)(buffers * Environment.SystemPageSize) }, ZcrxCapabilities.Query(kernel));
            int fd = Libc.Duplicate((int)socket.Handle);
            Assert.True(queue.TryPrepareReceive(fd, Request), "the submission queue has room");
            Assert.Equal(1, ring.Submit());
            return new Connection(ring, queue, peer, socket, fd);
        }

        /// <summary>Returns the next completion of the receive, without notifications.</summary>
        public Completion Take()
        {
            while (true)
            {
                while (_ring.Completion.Ready == 0)
                {
                    int result = _ring.SubmitAndWait(1, Deadline.Limit);
                    Assert.True(result >= 0 || result == -Errno.EINTR, $"enter returns {result}");
                }

                Completion completion = _ring.Completion.Peek(0);
                _ring.Completion.Advance(1);
                if (completion.UserData == Request)
                {
                    return completion;
                }
            }
        }

        public void Return(ulong offset)
        {
            Assert.True(_queue.Refill.TryAppend(offset), "the refill queue has room");
            _queue.Flush();
        }

        public void CloseDescriptor()
        {
            int fd = Interlocked.Exchange(ref _fd, -1);
            if (fd >= 0)
            {
                Assert.Equal(0, Libc.Close(fd));
            }
        }

        public void Dispose()
        {
            CloseDescriptor();
            Peer.Dispose();
            Socket.Dispose();
            _ring.Dispose();
            _queue.Dispose();
        }
    }
}
