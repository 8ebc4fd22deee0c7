using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Kernel;

namespace Zcrx.Interop.Tests.Multishot;

/// <summary>Represents a queue of a <c>MultishotKernel</c> that receives from one connection over loopback.</summary>
internal sealed unsafe class ReceivingConnection : IDisposable
{
    public const ulong Request = 1;
    public const ulong Cancellation = 2;

    private readonly IoRing _ring;
    private readonly InterfaceQueue _queue;
    // A duplicate of the socket's descriptor. A test can close it while the socket stays open.
    private int _fd;
    // The value of the next byte, since the bytes of the stream count up.
    private byte _next;

    private ReceivingConnection(IoRing ring, InterfaceQueue queue, Socket peer, Socket socket, int fd)
    {
        _fd = fd;
        _ring = ring;
        _queue = queue;
        Peer = peer;
        Socket = socket;
    }

    public Socket Peer { get; }

    public Socket Socket { get; }

    /// <summary>Opens a connection and starts a receive. Skips the test if this process cannot use io_uring.</summary>
    /// <param name="buffers">The number of buffers in the pool.</param>
    /// <param name="kernel">The kernel, or null for one with all features.</param>
    /// <param name="budget">The byte budget of the receive, or 0 for none.</param>
    public static ReceivingConnection Open(int buffers, MultishotKernel? kernel = null, uint budget = 0)
    {
        string? reason = MultishotKernel.WhyNot(HostFacts.Read());
        Skip.If(reason is not null, reason);
        kernel ??= new MultishotKernel();
        using Socket listener = new(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        // The receive window has room for a message of many buffers.
        listener.ReceiveBufferSize = 1 << 20;
        listener.Listen();
        Socket peer = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        peer.Connect(listener.LocalEndPoint!);
        Socket socket = listener.Accept();
        IoRing ring = IoRing.Create(kernel, new IoRingOptions { SubmissionEntries = 8, CompletionEntries = 1024 });
        InterfaceQueue queue = InterfaceQueue.Register(ring, new InterfaceQueueOptions { AreaSize = (nuint)(buffers * Environment.SystemPageSize) }, ZcrxCapabilities.Query(kernel));
        ReceivingConnection connection = new(ring, queue, peer, socket, Libc.Duplicate((int)socket.Handle));
        connection.Receive(budget);
        return connection;
    }

    /// <summary>Starts a receive with a byte budget, or without one.</summary>
    public void Receive(uint budget = 0)
    {
        Assert.True(_queue.TryPrepareReceive(_fd, Request, budget), "the submission queue has room");
        Assert.Equal(1, _ring.Submit());
    }

    /// <summary>Cancels the receive.</summary>
    public void Cancel()
    {
        io_uring_sqe* entry = _ring.Submission.TryPrepare();
        *entry = new io_uring_sqe { opcode = LinuxIoUring.IORING_OP_ASYNC_CANCEL, fd = -1, addr = Request, user_data = Cancellation };
        Assert.Equal(1, _ring.Submit());
    }

    /// <summary>Enters the kernel once without waiting.</summary>
    public void Enter() => Assert.Equal(0, _ring.SubmitAndWait(0));

    /// <summary>Waits for the next completion of the receive and returns it. Notifications are skipped.</summary>
    public Completion Take() => Take(Request);

    /// <summary>Waits for the next completion with the given user data and returns it. Other completions are skipped.</summary>
    public Completion Take(ulong userData)
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
            if (completion.UserData == userData)
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

    /// <summary>Returns bytes of the test stream, in which the bytes count up from zero.</summary>
    public static byte[] Bytes(long position, int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)(position + i);
        }

        return bytes;
    }

    /// <summary>Waits for a completion with data and returns its buffer to the kernel. Checks that its bytes continue the stream.</summary>
    /// <returns>The number of bytes that the completion has delivered.</returns>
    public int TakeBytes()
    {
        Completion completion = Take();
        Assert.True(completion is { HasMore: true, Result: > 0 }, $"the receive continues ({completion.Result})");
        ReadOnlySpan<byte> received = new(_queue.Address(completion.BufferOffset), completion.Result);
        Assert.True(received.SequenceEqual(Bytes(_next, completion.Result)), "the bytes continue the stream");
        _next += (byte)received.Length;
        Return(completion.BufferOffset);
        return completion.Result;
    }

    /// <summary>Returns the number of descriptors of this process that refer to the socket of the connection.</summary>
    public int CountDescriptors()
    {
        string socket = ReadLink((int)Socket.Handle);
        return Directory.EnumerateFiles("/proc/self/fd").Count(path => ReadLink(int.Parse(Path.GetFileName(path), null)) == socket);
    }

    /// <summary>Closes the ring and the queue, even if the receive is active.</summary>
    public void CloseRing()
    {
        _ring.Dispose();
        _queue.Dispose();
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
        CloseRing();
    }

    private static string ReadLink(int fd)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/self/fd/{fd}", returnFinalTarget: false)?.Name ?? "";
        }
        catch (IOException)
        {
            // Another test has closed the descriptor after it was listed.
            return "";
        }
    }
}
