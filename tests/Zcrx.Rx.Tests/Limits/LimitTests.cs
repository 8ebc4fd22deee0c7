using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Reactive;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Processes;
using Zcrx.Rx.Connections;
using Zcrx.Rx.Listening;
using Zcrx.Rx.Receiving;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Limits;

/// <summary>Tests limits over real sockets. Checks their effect on the peer and their reports.</summary>
[Collection(SocketsCollection.Name)]
public class LimitTests
{
    [Theory]
    [InlineData(ZcrxLimit.MaxConnections)]
    [InlineData(ZcrxLimit.MaxConnectionsPerAddress)]
    public async Task Connection_beyond_a_limit_is_reset_and_reported_until_another_closes(ZcrxLimit limit)
    {
        await using ZcrxQueue queue = await OpenAsync();
        Task<LimitReached> report = queue.LimitsReached.FirstAsync().ToTask();
        ZcrxListenOptions options = limit == ZcrxLimit.MaxConnections ? new() { MaxConnections = 2 } : new() { MaxConnectionsPerAddress = 2 };
        using ZcrxListener listener = queue.Listen("127.0.0.1:0", EchoAsync, options);
        using Socket first = await ConnectAsync(listener);
        using Socket second = await ConnectAsync(listener);
        await AssertServedAsync(first);
        await AssertServedAsync(second);

        await AssertRefusedAsync(listener);

        LimitReached reached = await report.Within("the limit is reported");
        Assert.Equal((limit, 1L, listener.EndPoint.Address), (reached.Limit, reached.Count, reached.RemoteEndPoint!.Address));
        Assert.Equal(1, queue.Snapshot().ConnectionsRefused);

        first.Dispose();
        await Deadline.UntilAsync(() => queue.Snapshot().Connections == 1, "the first connection is closed");
        await Deadline.UntilAsync(
            () => IsAdmittedAsync(listener),
            () => "a connection is served again");
    }

    [Fact]
    public async Task Silent_connection_is_reset_and_one_that_was_used_is_not()
    {
        await using ZcrxQueue queue = await OpenAsync();
        Task<LimitReached> report = queue.LimitsReached.FirstAsync().ToTask();
        using ZcrxListener listener = queue.Listen("127.0.0.1:0", EchoAsync, new ZcrxListenOptions { FirstByteTimeout = TimeSpan.FromMilliseconds(200) });
        using Socket silent = await ConnectAsync(listener);
        IPEndPoint address = (IPEndPoint)silent.LocalEndPoint!;
        using Socket used = await ConnectAsync(listener);
        await AssertServedAsync(used);

        await AssertResetAsync(silent);

        LimitReached reached = await report.Within("the limit is reported");
        Assert.Equal((ZcrxLimit.FirstByteTimeout, address), (reached.Limit, reached.RemoteEndPoint));
        await AssertServedAsync(used);
        Assert.Equal(1, queue.Snapshot().ConnectionsTimedOut);
    }

    [Fact]
    public async Task Idle_connection_is_reset_with_an_error_that_names_the_option()
    {
        await using ZcrxQueue queue = await OpenAsync();
        TaskCompletionSource<Exception> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ZcrxListener listener = queue.Listen(
            "127.0.0.1:0",
            async (connection, _) =>
            {
                connection.Buffers.Subscribe(static _ => { }, ended.SetResult);
                await connection.Closed;
            },
            new ZcrxListenOptions { IdleTimeout = TimeSpan.FromMilliseconds(200) });
        using Socket client = await ConnectAsync(listener);
        await client.SendAsync(new byte[1]);

        await AssertResetAsync(client);

        ZcrxStreamException error = Assert.IsType<ZcrxStreamException>(await ended.Task.Within("the stream ends"));
        Assert.Contains(nameof(ZcrxListenOptions.IdleTimeout), error.Message, StringComparison.Ordinal);
        Assert.Equal(1, error.StreamOffset);
    }

    [Fact]
    public async Task Connection_that_is_only_sent_on_is_not_silent()
    {
        await using ZcrxQueue queue = await OpenAsync();
        ZcrxListenOptions options = new() { IdleTimeout = TimeSpan.FromSeconds(1), FirstByteTimeout = TimeSpan.FromSeconds(1) };
        using ZcrxListener listener = queue.Listen(
            "127.0.0.1:0",
            static async (connection, token) =>
            {
                using IDisposable watching = connection.Buffers.Subscribe(static _ => { });
                using PeriodicTimer feed = new(TimeSpan.FromMilliseconds(20));
                while (await feed.WaitForNextTickAsync(token))
                {
                    await connection.SendAsync(new byte[1], token);
                }
            },
            options);
        using Socket fed = await ConnectAsync(listener);

        // The timeout passes twice for idle connections of the same queue. The first connection must stay open.
        for (int i = 1; i <= 2; i++)
        {
            using ZcrxListener other = queue.Listen("127.0.0.1:0", EchoAsync, options);
            using Socket idle = await ConnectAsync(other);
            await AssertResetAsync(idle);
        }

        byte[] received = new byte[1 << 16];
        Assert.True(await fed.ReceiveAsync(received) > 0);
        Assert.True(await fed.ReceiveAsync(received).Within("the feed continues") > 0);
        Assert.Equal(2, queue.Snapshot().ConnectionsTimedOut);
    }

    [Fact]
    public async Task Peer_of_a_paused_connection_is_not_idle()
    {
        await using ZcrxQueue queue = await OpenAsync();
        TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ZcrxListenOptions options = new() { IdleTimeout = TimeSpan.FromMilliseconds(100), FirstByteTimeout = TimeSpan.FromMilliseconds(100) };
        using ZcrxListener listener = queue.Listen(
            "127.0.0.1:0",
            async (connection, _) =>
            {
                connection.Pause();
                connection.Buffers.Subscribe(static _ => { });
                accepted.TrySetResult(connection);
                await connection.Closed;
            },
            options);
        using Socket paused = await ConnectAsync(listener);
        await paused.SendAsync(new byte[1]);
        ZcrxConnection connection = await accepted.Task.Within("the connection is accepted");

        // The timeout passes twice for idle connections of the same queue. The paused connection must stay open.
        for (int i = 1; i <= 2; i++)
        {
            using ZcrxListener other = queue.Listen("127.0.0.1:0", EchoAsync, options);
            using Socket idle = await ConnectAsync(other);
            await AssertResetAsync(idle);
        }

        Assert.False(connection.Closed.IsCompleted);
        connection.Resume();
        await Deadline.UntilAsync(() => connection.BytesReceived == 1, "the paused connection receives again");
    }

    [Fact]
    public async Task Unfinished_frames_are_copied_up_to_the_budget_and_the_next_connection_is_reset()
    {
        const int Budget = 100_000;
        const int Sent = 60_000;
        await using ZcrxQueue queue = await OpenAsync(static options => options with { AreaSize = 16L * Environment.SystemPageSize, MaxCopiedFrameBytes = Budget });
        Task<LimitReached> report = queue.LimitsReached.FirstAsync().ToTask();
        Task<ConsumerFault> fault = queue.ConsumerFaults.FirstAsync().ToTask();
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using IDisposable accepting = queue.Listen(listener).Subscribe(static connection => connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, 1.MiB()).Subscribe(static _ => { }));
        List<Socket> clients = [];
        try
        {
            for (int i = 0; i < 8; i++)
            {
                Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                clients.Add(client);
                await client.ConnectAsync(listener.LocalEndPoint!).Within("the client connects");
                // The prefix announces a frame of nearly a million bytes, but only its beginning is sent.
                await client.SendAsync((byte[])[0, 15, 0, 0, .. new byte[Sent]]);
            }

            LimitReached reached = await report.Within("the limit is reported");
            Assert.Equal(ZcrxLimit.CopiedFrameBytes, reached.Limit);
            ZcrxFramingException error = Assert.IsType<ZcrxFramingException>((await fault.Within("the frame is refused")).Exception);
            Assert.Contains(nameof(ZcrxQueueOptions.MaxCopiedFrameBytes), error.Message, StringComparison.Ordinal);
            QueueStatistics statistics = queue.Snapshot();
            // The budget is checked against the length of a copy, but charged with the length of its array. Arrays have powers of two as
            // lengths, so the use may exceed the budget by one array.
            Assert.InRange(statistics.CopiedFrameBytes, 0, Budget + BitOperations.RoundUpToPowerOf2(2 * Sent));
            Assert.True(statistics.FramesRefused > 0);
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }

        await Deadline.UntilAsync(() => queue.Snapshot() is { Connections: 0, CopiedFrameBytes: 0 }, "the copies are freed with their connections");
    }

    [Fact]
    public async Task Many_peers_with_a_mebibyte_of_an_unfinished_frame_each_hold_no_more_than_the_budget()
    {
        const int Peers = 400;
        const int Budget = 32 << 20;
        byte[] beginning = [0, 32, 0, 0, .. new byte[1 << 20]];
        await using ZcrxQueue queue = await OpenAsync(static options => options with { AreaSize = 16 << 20, MaxCopiedFrameBytes = Budget });
        using Socket listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using IDisposable accepting = queue.Listen(listener).Subscribe(static connection => connection.Buffers.Frames(LengthPrefix.UInt32BigEndian, 4.MiB()).Subscribe(static _ => { }));
        Socket[] clients = [.. Enumerable.Range(0, Peers).Select(static _ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))];
        try
        {
            await Task.WhenAll(clients.Select(async client =>
            {
                await client.ConnectAsync(listener.LocalEndPoint!).Within("the client connects");
                // The server may reset the connection before all bytes are sent.
                _ = await Record.ExceptionAsync(() => client.SendAsync(beginning).Within("the beginning is sent"));
            }));

            await Deadline.UntilAsync(() => queue.Snapshot() is { FramesRefused: > Peers / 2, CopiedFrameBytes: > 0 }, "most of the frames are refused");
            // The budget is checked against the length of a copy, but charged with the length of its array, a power of two.
            Assert.InRange(queue.Snapshot().CopiedFrameBytes, 1, Budget + BitOperations.RoundUpToPowerOf2((uint)beginning.Length));
        }
        finally
        {
            Array.ForEach(clients, static client => client.Dispose());
        }

        await Deadline.UntilAsync(() => queue.Snapshot() is { Connections: 0, CopiedFrameBytes: 0 }, "the copies are freed with their connections");
    }

    [Fact]
    public async Task Unconsumed_bytes_of_all_pipes_are_copied_up_to_the_budget_of_the_queue()
    {
        const int Budget = 1 << 20;
        byte[] message = new byte[Budget / 2];
        // A pipe reader leases 16 buffers, and copies only the bytes beyond them.
        int copied = message.Length - (16 * Environment.SystemPageSize);
        await using ZcrxQueue queue = await OpenAsync(static options => options with { AreaSize = 4 << 20, MaxCopiedFrameBytes = Budget });
        Task<LimitReached> report = queue.LimitsReached.FirstAsync().ToTask();
        Task<ConsumerFault> fault = queue.ConsumerFaults.FirstAsync().ToTask();
        using ZcrxListener listener = queue.Listen("127.0.0.1:0", static async (connection, token) =>
        {
            using ZcrxDuplexPipe pipe = connection.ToDuplexPipe();
            ReadResult read;
            do
            {
                read = await pipe.Input.ReadAsync(token);
                pipe.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
            while (!read.IsCompleted);
        });
        using (Socket first = await ConnectAsync(listener))
        using (Socket second = await ConnectAsync(listener))
        using (Socket third = await ConnectAsync(listener))
        {
            await first.SendAsync(message).Within("the message is sent");
            await Deadline.UntilAsync(() => queue.Snapshot().CopiedFrameBytes >= copied, "the message is copied");
            await second.SendAsync(message).Within("the message is sent");
            await Deadline.UntilAsync(() => queue.Snapshot().CopiedFrameBytes >= 2 * copied, "the message is copied");
            // The server may reset the connection before all bytes are sent.
            _ = await Record.ExceptionAsync(() => third.SendAsync(message).Within("the message is sent"));

            ZcrxFramingException error = Assert.IsType<ZcrxFramingException>((await fault.Within("the read fails")).Exception);
            Assert.Contains(nameof(ZcrxQueueOptions.MaxCopiedFrameBytes), error.Message, StringComparison.Ordinal);
            Assert.Equal(ZcrxLimit.CopiedFrameBytes, (await report.Within("the limit is reported")).Limit);
            await Deadline.UntilAsync(() => queue.Snapshot().Connections == 2, "only the third connection is reset");
            Assert.InRange(queue.Snapshot().CopiedFrameBytes, 2 * copied, Budget);
        }

        await Deadline.UntilAsync(() => queue.Snapshot() is { Connections: 0, CopiedFrameBytes: 0 }, "the copies are freed with their connections");
    }

    [Fact]
    public async Task Nothing_is_accepted_while_descriptors_are_low_and_accepting_resumes()
    {
        int used = 950;
        await using ZcrxQueue queue = await OpenAsync(options => options with { Descriptors = () => new DescriptorUse(1000, Volatile.Read(ref used), IsCheap: true) });
        List<LimitReached> reports = [];
        using IDisposable watch = queue.LimitsReached.Synchronize().Subscribe(reports.Add);
        using ZcrxListener listener = queue.Listen("127.0.0.1:0", EchoAsync);
        using Socket client = await ConnectAsync(listener);
        Task served = AssertServedAsync(client);
        await Deadline.UntilAsync(() => queue.Snapshot().AwaitsDescriptors && reports.Count == 1, "accepting has stopped");
        Assert.Equal((ZcrxLimit.Descriptors, 1L), (reports[0].Limit, reports[0].Count));
        Assert.Equal(0, queue.Snapshot().ConnectionsOpened);

        Volatile.Write(ref used, 100);

        await served;
        Assert.False(queue.Snapshot().AwaitsDescriptors);
        await Deadline.UntilAsync(() => reports.Count == 2, "the end is reported");
        Assert.Equal((ZcrxLimit.Descriptors, 0L), (reports[1].Limit, reports[1].Count));
    }

    [Theory]
    [InlineData(Errno.EMFILE, nameof(Errno.EMFILE))]
    [InlineData(Errno.ENFILE, nameof(Errno.ENFILE))]
    [InlineData(Errno.ENOMEM, nameof(Errno.ENOMEM))]
    [InlineData(Errno.ENOBUFS, nameof(Errno.ENOBUFS))]
    public async Task Accept_that_fails_for_lack_of_resources_is_reported_with_its_errno_and_retried(int error, string name)
    {
        HookedKernel kernel = new() { AcceptError = error };
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16, kernel: kernel);
        Task<LimitReached> report = queue.Queue.LimitsReached.FirstAsync().ToTask();
        using ZcrxListener listener = queue.Queue.Listen("127.0.0.1:0", EchoAsync);
        using Socket client = await ConnectAsync(listener);

        LimitReached failed = await report.Within("the failure is reported");
        Assert.Equal(ZcrxLimit.Descriptors, failed.Limit);
        Assert.True(failed.Count > 0);
        Assert.Contains(name, failed.Reason, StringComparison.Ordinal);
        Assert.Equal(0, queue.Queue.Snapshot().ConnectionsOpened);

        kernel.AcceptError = 0;

        await AssertServedAsync(client);
    }

    [Fact]
    public async Task Accept_that_fails_for_lack_of_resources_is_reported_until_one_succeeds()
    {
        HookedKernel kernel = new() { AcceptError = Errno.EMFILE };
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 16, kernel: kernel);
        ConcurrentQueue<LimitReached> reports = [];
        using IDisposable watch = queue.Queue.LimitsReached.Subscribe(reports.Enqueue);
        using ZcrxListener listener = queue.Queue.Listen("127.0.0.1:0", EchoAsync);
        using Socket client = await ConnectAsync(listener);
        await Deadline.UntilAsync(() => !reports.IsEmpty, "the failure is reported");
        Assert.All(reports, static report => Assert.True(report.Count > 0));

        kernel.AcceptError = 0;

        await AssertServedAsync(client);
        await Deadline.UntilAsync(() => reports.Last().Count == 0, "the end is reported");
    }

    [Fact]
    public async Task Burst_near_the_reserve_is_accepted_singly_and_stops_in_time()
    {
        const int Limit = 1000;
        const int Reserve = 64;
        int used = 900;
        List<Socket> clients = [];
        await using ZcrxQueue queue = await OpenAsync(options => options with { DescriptorReserve = Reserve, Descriptors = () => new DescriptorUse(Limit, Volatile.Read(ref used), IsCheap: true) });
        try
        {
            using Socket socket = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            // Each accepted connection adds one to the number of descriptors, as in a real process.
            using IDisposable accepting = queue.Listen(socket).Subscribe(_ => Interlocked.Increment(ref used));
            for (int i = 0; i < 100; i++)
            {
                Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                clients.Add(client);
                await client.ConnectAsync(socket.LocalEndPoint!).Within("the client is in the backlog");
            }

            await Deadline.UntilAsync(() => queue.Snapshot().AwaitsDescriptors, "accepting has stopped");

            Assert.InRange(Limit - Volatile.Read(ref used), Reserve - 1, Reserve + 1);
        }
        finally
        {
            clients.ForEach(static client => client.Dispose());
        }
    }

    [Fact]
    public async Task Listeners_accept_bursts_only_while_the_backlogs_of_all_of_them_fit()
    {
        DescriptorUse use = new(2 * ListenBacklog.Least + 100, 50, IsCheap: true);
        await using ZcrxQueue queue = await OpenAsync(options => options with { DescriptorReserve = 64, Descriptors = () => use });
        using Socket first = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using Socket second = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        TaskCompletionSource firstEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ListenerEntry one = EntryFor(first, firstEnded.SetResult);
        ListenerEntry other = EntryFor(second, static () => { });

        queue.Loop.AddListener(one);
        await Deadline.UntilAsync(() => one.IsArmed, "the first listener accepts");
        queue.Loop.AddListener(other);
        await Deadline.UntilAsync(() => other.IsArmed, "the second listener accepts");

        Assert.Equal((true, false), (one.IsMultishot, other.IsMultishot));

        queue.Loop.RemoveListener(one);
        await firstEnded.Task.Within("the first listener ends");
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // The current accept request accepts one client and ends. Now there is room for the whole backlog, so the next request is
        // multishot.
        await client.ConnectAsync(second.LocalEndPoint!).Within("the client is in the backlog");
        await Deadline.UntilAsync(() => other is { IsArmed: true, IsMultishot: true }, "the second listener accepts a burst");
    }

    [Fact]
    public void Backlog_of_a_listening_socket_is_the_bound_of_the_kernel()
    {
        int bound = int.Parse(File.ReadAllText("/proc/sys/net/core/somaxconn"), System.Globalization.CultureInfo.InvariantCulture);
        using Socket large = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0), new ZcrxListenOptions { Backlog = 100_000 });
        using Socket small = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0), new ZcrxListenOptions { Backlog = 1 });

        Assert.Equal(int.Max(ListenBacklog.Least, int.Min(bound, 100_000)), ListenBacklog.Read(large));
        Assert.Equal(ListenBacklog.Least, ListenBacklog.Read(small));
    }

    [Fact]
    public void Descriptors_of_this_process_are_counted()
    {
        DescriptorUse before = ProcessDescriptors.Read();
        Socket[] sockets = [.. Enumerable.Range(0, 500).Select(static _ => new Socket(SocketType.Stream, ProtocolType.Tcp))];

        DescriptorUse after = ProcessDescriptors.Read();

        Array.ForEach(sockets, static socket => socket.Dispose());
        // The range is wide because other tests of this process open and close descriptors, too.
        Assert.InRange(after.Used - before.Used, 250, 750);
        Assert.InRange(after.Used, 500, after.Limit);
    }

    private static async Task<ZcrxQueue> OpenAsync(Func<ZcrxQueueOptions, ZcrxQueueOptions>? configure = null)
    {
        ZcrxQueueOptions options = TestQueue.Options() with { UnobservedTimeout = TimeSpan.FromMinutes(10), ReceiveStallTimeout = TimeSpan.FromMilliseconds(40) };
        return await ZcrxQueue.OpenAsync(configure?.Invoke(options) ?? options).Within("the queue opens");
    }

    private static ListenerEntry EntryFor(Socket socket, Action ended) => new(SocketOwnership.Duplicate(socket), Observer.Create<ConnectionReceiver>(static _ => { }, ended), null);

    private static async Task EchoAsync(ZcrxConnection connection, CancellationToken token)
    {
        await foreach (BufferLease lease in connection.Buffers.ToAsyncEnumerable(cancellationToken: token))
        {
            await connection.SendAsync(lease.Memory, token);
        }
    }

    private static async Task<Socket> ConnectAsync(ZcrxListener listener)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.EndPoint).Within("the client connects");
        return socket;
    }

    private static async Task AssertServedAsync(Socket socket) => Assert.True(await IsServedAsync(socket));

    private static async Task<bool> IsServedAsync(Socket socket)
    {
        try
        {
            await socket.SendAsync(new byte[1]);
            return await socket.ReceiveAsync(new byte[1]).Within("the server answers") == 1;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<bool> IsAdmittedAsync(ZcrxListener listener)
    {
        try
        {
            using Socket socket = await ConnectAsync(listener);
            return await IsServedAsync(socket);
        }
        catch (SocketException)
        {
            // The reset arrived before the client's connect call returned.
            return false;
        }
    }

    private static async Task AssertRefusedAsync(ZcrxListener listener)
    {
        SocketException reset = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using Socket socket = await ConnectAsync(listener);
            await socket.ReceiveAsync(new byte[1]).Within("the connection is reset");
        });
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    private static async Task AssertResetAsync(Socket socket)
    {
        SocketException reset = await Assert.ThrowsAsync<SocketException>(() => socket.ReceiveAsync(new byte[1]).Within("the connection is reset"));
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }
}
