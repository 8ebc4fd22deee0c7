using System.Net.Sockets;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Emulation;
using Zcrx.Interop.Multishot;

namespace Zcrx.Interop.Tests.Multishot;

/// <summary>
/// Tests connections that fill many buffers in a turn. The library polls and reads their sockets instead of using multishot receives.
/// </summary>
public class BusyConnectionTests
{
    private const int Buffers = 1024;

    /// <summary>Gets true for a kernel whose receives have limits, and false for one like Linux 6.1.</summary>
    public static TheoryData<bool> HasLimits => [true, false];

    [SkippableTheory]
    [MemberData(nameof(HasLimits))]
    public void Busy_connection_is_read_and_a_quiet_one_received_by_multishot_again(bool hasLimits)
    {
        SubmissionLog log = new();
        using ReceivingConnection connection = ReceivingConnection.Open(Buffers, KernelOver(log, hasLimits));
        log.Opcodes.Clear();
        long position = 0;
        // A busy turn is counted at the start of the next turn, so there is one turn more.
        for (int i = 0; i <= ReceiveMethod.Turns + 1; i++)
        {
            const int Length = 128 * 1024;
            Send(connection, position, Length);
            Drain(connection, Length);
            position += Length;
        }

        Assert.Contains(LinuxIoUring.IORING_OP_POLL_ADD, log.Opcodes);

        log.Opcodes.Clear();
        for (int i = 0; i <= ReceiveMethod.Turns; i++)
        {
            connection.Peer.Send(ReceivingConnection.Bytes(position++, 1));
            Assert.Equal(1, connection.TakeBytes());
        }

        Assert.Contains(LinuxIoUring.IORING_OP_RECV, log.Opcodes);
        log.Opcodes.Clear();
        for (int i = 0; i < 4; i++)
        {
            connection.Peer.Send(ReceivingConnection.Bytes(position++, 1));
            Assert.Equal(1, connection.TakeBytes());
        }

        Assert.DoesNotContain(LinuxIoUring.IORING_OP_POLL_ADD, log.Opcodes);
    }

    [SkippableTheory]
    [MemberData(nameof(HasLimits))]
    public void Busy_connection_whose_descriptor_is_closed_delivers_all_bytes_by_multishot(bool hasLimits)
    {
        SubmissionLog log = new();
        using ReceivingConnection connection = ReceivingConnection.Open(Buffers, KernelOver(log, hasLimits));
        connection.CloseDescriptor();
        log.Opcodes.Clear();
        long position = 0;
        for (int i = 0; i <= 2 * (ReceiveMethod.Turns + 1); i++)
        {
            const int Length = 128 * 1024;
            Send(connection, position, Length);
            Drain(connection, Length);
            position += Length;
        }

        connection.Peer.Shutdown(SocketShutdown.Send);
        Completion end = connection.Take();
        Assert.Equal((0, false), (end.Result, end.HasMore));
        Assert.DoesNotContain(LinuxIoUring.IORING_OP_ASYNC_CANCEL, log.Opcodes);
        Assert.DoesNotContain(LinuxIoUring.IORING_OP_POLL_ADD, log.Opcodes);
    }

    [SkippableTheory]
    [MemberData(nameof(HasLimits))]
    public void Connection_that_becomes_busy_without_a_free_buffer_keeps_its_socket_open(bool hasLimits)
    {
        const int Few = ReceiveMethod.Turns * ReceiveMethod.ManyBuffers;
        int length = ReceiveMethod.ManyBuffers * Environment.SystemPageSize;
        using ReceivingConnection connection = ReceivingConnection.Open(Few, KernelOver(new SubmissionLog(), hasLimits));
        for (int turn = 0; turn < ReceiveMethod.Turns; turn++)
        {
            Send(connection, turn * length, length);
            for (int i = 0; i < ReceiveMethod.ManyBuffers; i++)
            {
                Assert.Equal(Environment.SystemPageSize, connection.Take().Result);
            }
        }

        Assert.Equal(2, connection.CountDescriptors());
        // No buffer is left, so the multishot receive ends in this turn. This turn also counts the previous one as busy.
        Send(connection, 0, length);
        connection.Enter();
        Assert.Equal(3, connection.CountDescriptors());

        Completion end = connection.Take();
        Assert.Equal((-Errno.ENOMEM, false), (end.Result, end.HasMore));
        Assert.Equal(2, connection.CountDescriptors());
    }

    [SkippableFact]
    public void Quiet_connection_is_never_polled()
    {
        SubmissionLog log = new();
        using ReceivingConnection connection = ReceivingConnection.Open(Buffers, KernelOver(log, hasLimits: true));
        log.Opcodes.Clear();
        for (int i = 0; i < 256; i++)
        {
            connection.Peer.Send(ReceivingConnection.Bytes(i, 1));
            Assert.Equal(1, connection.TakeBytes());
        }

        Assert.DoesNotContain(LinuxIoUring.IORING_OP_POLL_ADD, log.Opcodes);
    }

    [SkippableFact]
    public void Cancel_of_a_receive_that_is_polled_ends_it_and_leaves_later_bytes_in_the_socket()
    {
        using ReceivingConnection connection = ReceivingConnection.Open(Buffers, Reading());
        connection.Peer.Send(ReceivingConnection.Bytes(0, 3));
        Assert.Equal(3, connection.TakeBytes());

        connection.Cancel();
        Assert.Equal(0, connection.Take(ReceivingConnection.Cancellation).Result);
        Completion end = connection.Take();
        Assert.Equal((-Errno.ECANCELED, false), (end.Result, end.HasMore));

        connection.Peer.Send(ReceivingConnection.Bytes(3, 5));
        Assert.True(connection.Socket.Poll(Deadline.Limit, SelectMode.SelectRead));
        connection.Receive();
        Assert.Equal(5, connection.TakeBytes());
    }

    [SkippableFact]
    public async Task Receive_that_is_read_ends_at_exactly_its_budget()
    {
        const int Budget = 300_001;
        using ReceivingConnection connection = ReceivingConnection.Open(Buffers, Reading(), Budget);
        Task sending = Task.Run(() => connection.Peer.Send(ReceivingConnection.Bytes(0, 2 * Budget)));
        Drain(connection, Budget);
        Completion end = connection.Take();
        Assert.Equal((0, false), (end.Result, end.HasMore));

        connection.Receive(Budget);
        Drain(connection, Budget);
        await sending;
    }

    [SkippableFact]
    public void Receive_that_is_read_without_a_free_buffer_ends_and_continues_at_the_same_byte()
    {
        const int Few = 4;
        int page = Environment.SystemPageSize;
        using ReceivingConnection connection = ReceivingConnection.Open(Few, Reading());
        connection.Peer.Send(ReceivingConnection.Bytes(0, 6 * page));
        List<ulong> taken = [];
        Completion completion = connection.Take();
        int received = 0;
        for (; completion.HasMore; completion = connection.Take())
        {
            received += completion.Result;
            taken.Add(completion.BufferOffset);
        }

        Assert.Equal((Few * page, -Errno.ENOMEM), (received, completion.Result));
        taken.ForEach(connection.Return);
        connection.Receive();
        int rest = 0;
        while (rest < 2 * page)
        {
            completion = connection.Take();
            Assert.True(completion.HasMore, $"the receive continues ({completion.Result})");
            rest += completion.Result;
        }

        Assert.Equal(2 * page, rest);
    }

    [SkippableFact]
    public void Receive_that_is_read_reports_the_end_of_the_stream_after_its_last_bytes()
    {
        using ReceivingConnection connection = ReceivingConnection.Open(Buffers, Reading());
        connection.Peer.Send(ReceivingConnection.Bytes(0, 9));
        connection.Peer.Shutdown(SocketShutdown.Send);

        Drain(connection, 9);
        Completion end = connection.Take();
        Assert.Equal((0, false), (end.Result, end.HasMore));
    }

    [SkippableFact]
    public void Receive_that_is_read_keeps_its_socket_open_until_it_ends()
    {
        using ReceivingConnection connection = ReceivingConnection.Open(Buffers, Reading());
        Assert.Equal(3, connection.CountDescriptors());
        connection.CloseDescriptor();
        connection.Peer.Send(ReceivingConnection.Bytes(0, 9));
        connection.Peer.Shutdown(SocketShutdown.Send);

        Drain(connection, 9);
        Completion end = connection.Take();
        Assert.Equal((0, false), (end.Result, end.HasMore));
        Assert.Equal(1, connection.CountDescriptors());
    }

    [SkippableFact]
    public void Ring_that_is_closed_during_a_receive_that_is_read_leaves_no_descriptor()
    {
        using ReceivingConnection connection = ReceivingConnection.Open(Buffers, Reading());
        Assert.Equal(3, connection.CountDescriptors());

        connection.CloseRing();

        Assert.Equal(2, connection.CountDescriptors());
    }

    [SkippableFact]
    public void Receive_that_is_read_has_no_descriptor_of_its_own_and_ends_with_the_callers()
    {
        using ReceivingConnection connection = ReceivingConnection.Open(Buffers, Reading(callerKeepsSockets: true));
        connection.Peer.Send(ReceivingConnection.Bytes(0, 3));
        Assert.Equal(3, connection.TakeBytes());
        Assert.Equal(2, connection.CountDescriptors());

        connection.CloseDescriptor();
        connection.Peer.Send(ReceivingConnection.Bytes(0, 9));

        Completion end = connection.Take();
        Assert.Equal((-Errno.EBADF, false), (end.Result, end.HasMore));
    }

    [Fact]
    public void Receive_whose_socket_cannot_be_kept_open_is_not_read()
    {
        MultishotRequest request = new(0) { Fd = -1 };
        request.BeginReceive(new ReceiveMethod(IsRead: true, Streak: 0));

        request.KeepSocket();

        Assert.False(request.Method.IsRead);
        Assert.Equal(-Errno.EBADF, request.FindEnd());
    }

    [Fact]
    public void Receive_whose_descriptor_refers_to_another_socket_is_not_read()
    {
        using Socket other = new(SocketType.Stream, ProtocolType.Tcp);
        Assert.Equal(0, SocketCalls.Cookie((int)other.Handle, out ulong cookie));
        MultishotRequest request = new(0) { Fd = (int)other.Handle, Cookie = cookie + 1 };
        request.BeginReceive(new ReceiveMethod(IsRead: true, Streak: 0));

        request.KeepSocket();

        Assert.False(request.Method.IsRead);
        Assert.Equal(request.Fd, request.SocketFd);
    }

    private static MultishotKernel KernelOver(SubmissionLog log, bool hasLimits) =>
        new(log, new EmulatedKernelOptions(), hasLimits ? null : false);

    private static MultishotKernel Reading(bool callerKeepsSockets = false) =>
        new(new LinuxKernel(), new EmulatedKernelOptions(), hasLimits: null, new ReceiveMethod(IsRead: true, Streak: 0), callerKeepsSockets);

    /// <summary>Sends a message, and waits until it has arrived.</summary>
    /// <remarks>
    /// The kernel takes bytes from the socket only inside enter. One turn therefore fills the buffers for the whole message.
    /// </remarks>
    private static void Send(ReceivingConnection connection, long position, int length)
    {
        connection.Peer.Send(ReceivingConnection.Bytes(position, length));
        Assert.True(SpinWait.SpinUntil(() => connection.Socket.Available == length, Deadline.Limit), "the message has arrived");
    }

    private static void Drain(ReceivingConnection connection, int count)
    {
        for (int received = 0; received < count;)
        {
            received += connection.TakeBytes();
        }
    }
}
