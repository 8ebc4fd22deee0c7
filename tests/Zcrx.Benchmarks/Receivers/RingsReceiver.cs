using System.Net;
using System.Net.Sockets;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using static Zcrx.Interop.Abi.LinuxIoUring;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>
/// Receives with rings and an area, but without the streams, borrowed buffers and connections of the library. Its cost is that of the
/// engine alone. No stream over the same engine can be faster.
/// </summary>
internal sealed class RingsReceiver(IIoUringKernel kernel) : IReceiver
{
    private const ulong AcceptToken = ulong.MaxValue;
    private const ulong NotificationToken = ulong.MaxValue - 1;
    private static readonly TimeSpan StopCheck = TimeSpan.FromMilliseconds(200);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<(int Fd, ConnectionMeter Meter)> _connections = [];
    private Thread? _thread;
    private volatile bool _stop;
    private long _turns;
    private long _buffers;
    private long _rearms;

    public string Note => $"{_turns} enters, {_buffers} buffers, {_rearms} re-arms";

    public Task<int> StartAsync(Meter meter)
    {
        _listener.Bind(LoopbackListener.AnyPort);
        _listener.Listen(LoopbackListener.Backlog);
        _listener.Blocking = false;
        _thread = new Thread(() => Run(meter)) { Name = "rings" };
        _thread.Start();
        return Task.FromResult(((IPEndPoint)_listener.LocalEndPoint!).Port);
    }

    public ValueTask DisposeAsync()
    {
        _stop = true;
        _thread?.Join();
        _listener.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Run(Meter meter)
    {
        using IoRing ring = IoRing.Create(kernel, new IoRingOptions { SubmissionEntries = 1024 });
        using InterfaceQueue queue = InterfaceQueue.Register(ring, new InterfaceQueueOptions { NotificationUserData = NotificationToken }, ZcrxCapabilities.Query(kernel));
        Accept(ring, (int)_listener.Handle);
        while (!_stop)
        {
            _ = ring.SubmitAndWait(1, StopCheck);
            _turns++;
            uint ready = ring.Completion.Ready;
            for (uint i = 0; i < ready; i++)
            {
                Process(queue, ring.Completion.Peek(i), meter);
            }

            ring.Completion.Advance(ready);
            _ = queue.Flush();
        }
    }

    private unsafe void Process(InterfaceQueue queue, in Completion completion, Meter meter)
    {
        if (completion.UserData == AcceptToken)
        {
            _connections.Add((completion.Result, meter.Next()));
            _ = queue.TryPrepareReceive(completion.Result, (ulong)(_connections.Count - 1));
            return;
        }

        if (completion.UserData == NotificationToken)
        {
            // Without a device, the kernel copies everything and reports that. The notification is not armed again, so it arrives only
            // once.
            return;
        }

        (int fd, ConnectionMeter connection) = _connections[(int)completion.UserData];
        if (completion.HasMore)
        {
            _buffers++;
            connection.Count(new ReadOnlySpan<byte>(queue.Address(completion.BufferOffset), completion.Result));
            _ = queue.Refill.TryAppend(completion.BufferOffset);
        }
        else if (completion.Result is -Errno.ENOMEM or -Errno.ENOSPC)
        {
            _rearms++;
            _ = queue.TryPrepareReceive(fd, completion.UserData);
        }
        else
        {
            new Socket(new SafeSocketHandle(fd, ownsHandle: true)).Dispose();
        }
    }

    private static unsafe void Accept(IoRing ring, int listener)
    {
        io_uring_sqe* entry = ring.Submission.TryPrepare();
        entry->opcode = IORING_OP_ACCEPT;
        entry->fd = listener;
        entry->ioprio = IORING_ACCEPT_MULTISHOT;
        entry->accept_flags = 0x80000;
        entry->user_data = AcceptToken;
    }
}
