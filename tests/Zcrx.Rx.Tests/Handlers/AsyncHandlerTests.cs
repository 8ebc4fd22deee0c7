using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Handlers;

/// <summary>
/// Tests asynchronous handlers. A connection stays open while its handler runs, and a failing handler ends only its own connection.
/// </summary>
[Collection(SocketsCollection.Name)]
public class AsyncHandlerTests : IClassFixture<ResourceCheck>
{
    private const int Clients = 500;

    private static readonly IPEndPoint Anywhere = new(IPAddress.Loopback, 0);

    [Fact]
    public async Task Connection_closes_when_its_handler_ends()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        ConcurrentQueue<ConsumerFault> faults = new();
        using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
        using ZcrxListener listener = queue.Queue.Listen(Anywhere, static async (connection, token) => await connection.SendAsync("hello"u8.ToArray(), token));
        Assert.NotEqual(0, listener.EndPoint.Port);
        using Peer peer = await Peer.ConnectAsync(listener.EndPoint, 1);
        byte[] buffer = new byte[100];
        Assert.Equal(5, await peer.Socket.ReceiveAsync(buffer).Within("the reply arrives"));
        Assert.Equal(0, await peer.Socket.ReceiveAsync(buffer).Within("the connection closes"));
        await Deadline.UntilAsync(() => queue.Queue.Snapshot().Connections == 0, "no connection stays");
        Assert.Empty(faults);
    }

    [Theory]
    [InlineData(ConsumerFailureAction.Reset)]
    [InlineData(ConsumerFailureAction.Close)]
    public async Task Handler_that_throws_ends_its_connection_and_is_reported_once(ConsumerFailureAction action)
    {
        await using TestQueue queue = await TestQueue.OpenAsync(configure: options => options with { WhenConsumerFails = action });
        ConcurrentQueue<ConsumerFault> faults = new();
        using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
        using ZcrxListener listener = queue.Queue.Listen(Anywhere, static async (connection, token) =>
        {
            await foreach (BufferLease lease in connection.Buffers.ToAsyncEnumerable(cancellationToken: token))
            {
                throw new InvalidOperationException("on purpose");
            }
        });
        using Peer peer = await Peer.ConnectAsync(listener.EndPoint, 1);
        await peer.SendAsync(1);
        Assert.Equal(action == ConsumerFailureAction.Reset, await peer.IsResetAsync());
        await Deadline.UntilAsync(() => queue.Queue.Snapshot().Connections == 0 && !faults.IsEmpty, "the failure is reported");
        ConsumerFault fault = Assert.Single(faults);
        Assert.Equal("on purpose", fault.Exception.Message);
        await fault.Connection!.Finished.Within("the handler has ended");
        ObjectDisposedException late = await Assert.ThrowsAsync<ObjectDisposedException>(async () => await fault.Connection.SendAsync(new byte[1]));
        Assert.Contains("its consumer failed", late.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resets_of_peers_end_their_handlers_and_leave_no_connection()
    {
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 1024);
        ConcurrentQueue<ConsumerFault> faults = new();
        using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
        int running = 0;
        int served = 0;
        using ZcrxListener listener = queue.Queue.Listen(Anywhere, async (connection, token) =>
        {
            Interlocked.Increment(ref running);
            Interlocked.Increment(ref served);
            try
            {
                await foreach (BufferLease lease in connection.Buffers.ToAsyncEnumerable(cancellationToken: token))
                {
                    await connection.SendAsync(lease.Memory, token);
                }
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        });
        Peer[] peers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Peer.ConnectAsync(listener.EndPoint, i)));
        await Task.WhenAll(peers.Select(static async (peer, i) =>
        {
            await peer.SendAsync(1 + (i * 37 % 20_000));
            peer.Reset();
        }));
        await Deadline.UntilAsync(() => Volatile.Read(ref served) == Clients && Volatile.Read(ref running) == 0, "every handler has run and ended");
        await Deadline.UntilAsync(() => queue.Queue.Snapshot().Connections == 0, "no connection stays");
        Assert.Empty(faults);
    }

    [Fact]
    public async Task Reset_of_a_peer_that_is_owed_a_reply_is_no_fault_of_the_handler_of_Process()
    {
        const int Peers = 20;
        await using TestQueue queue = await TestQueue.OpenAsync();
        ConcurrentQueue<ConsumerFault> faults = new();
        using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
        TaskCompletionSource reset = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int sending = 0;
        List<Peer> peers = [];
        List<ZcrxConnection> connections = [];
        for (int i = 0; i < Peers; i++)
        {
            (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
            peers.Add(peer);
            connections.Add(connection);
            // The subscription has no OnError, so Rx throws the exception of the handler.
            _ = connection.Buffers.Process(async (lease, token) =>
            {
                Interlocked.Increment(ref sending);
                await reset.Task;
                while (true)
                {
                    await connection.SendAsync(lease.Memory, token);
                }
            }).Subscribe(static _ => { });
            await peer.SendAsync(1);
        }

        await Deadline.UntilAsync(() => Volatile.Read(ref sending) == Peers, "every handler runs");
        peers.ForEach(static peer => peer.Reset());
        reset.SetResult();
        await Task.WhenAll(connections.Select(static connection => connection.Finished)).Within("every handler has ended");
        Assert.Empty(faults);
    }

    [Fact]
    public async Task Own_socket_error_of_the_handler_of_Process_is_reported()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        ConcurrentQueue<ConsumerFault> faults = new();
        using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        using (peer)
        {
            _ = connection.Buffers.Process(static (_, _) => throw new SocketException((int)SocketError.HostUnreachable)).Subscribe(static _ => { });
            await peer.SendAsync(1);
            await connection.Finished.Within("the handler has ended");
            Assert.IsType<SocketException>(Assert.Single(faults).Exception);
        }
    }

    [Fact]
    public async Task Reset_under_a_TLS_stream_is_no_fault_of_the_handler()
    {
        using RSA key = RSA.Create(2048);
        CertificateRequest request = new("CN=test", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using X509Certificate2 signed = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using X509Certificate2 certificate = X509CertificateLoader.LoadPkcs12(signed.Export(X509ContentType.Pfx), null);
        await using TestQueue queue = await TestQueue.OpenAsync();
        ConcurrentQueue<ConsumerFault> faults = new();
        using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
        (Peer peer, ZcrxConnection connection) = await queue.ConnectAsync();
        Exception? thrown = null;
        Task handling = connection.HandleAsync(async (served, _) =>
        {
            await using SslStream stream = new(served.AsStream());
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, CancellationToken.None);
            byte[] buffer = new byte[100];
            await stream.WriteAsync(buffer, CancellationToken.None);
            try
            {
                await stream.ReadExactlyAsync(buffer, CancellationToken.None);
            }
            catch (Exception exception)
            {
                thrown = exception;
                throw;
            }
        });
        await using SslStream client = new(new NetworkStream(peer.Socket), leaveInnerStreamOpen: true, (_, presented, _, _) => certificate.Equals(presented));
        await client.AuthenticateAsClientAsync("test").Within("the handshake ends");
        await client.ReadExactlyAsync(new byte[100]).AsTask().Within("the handler is past its handshake");
        peer.Reset();
        await handling.Within("the handler has ended");
        Assert.IsAssignableFrom<IOException>(thrown);
        Assert.Empty(faults);
    }

    [Fact]
    public async Task Stopping_under_load_answers_or_reports_everything_that_was_handled()
    {
        const int Senders = 40;
        const int MessageLength = 100;
        await using TestQueue queue = await TestQueue.OpenAsync(buffers: 256);
        ConcurrentQueue<ConsumerFault> faults = new();
        using IDisposable reporting = queue.Queue.ConsumerFaults.Subscribe(faults.Enqueue);
        long handled = 0;
        // Maps the client's port to the number of requests that were handled, and to the number of replies that failed.
        ConcurrentDictionary<int, (long Handled, long Reported)> results = new();
        using ZcrxListener listener = queue.Queue.Listen(Anywhere, async (connection, token) =>
        {
            int client = connection.RemoteEndPoint!.Port;
            long received = 0;
            await foreach (BufferLease lease in connection.Buffers.ToAsyncEnumerable(maxQueued: 4, cancellationToken: token))
            {
                long messages = ((received + lease.Length) / MessageLength) - (received / MessageLength);
                received += lease.Length;
                await Task.Yield();
                Interlocked.Add(ref handled, messages);
                results.AddOrUpdate(client, (messages, 0), (_, so) => (so.Handled + messages, so.Reported));
                try
                {
                    await connection.SendAsync(new byte[messages], token);
                }
                catch (Exception exception) when (exception is ObjectDisposedException or SocketException or OperationCanceledException)
                {
                    results.AddOrUpdate(client, (0, messages), (_, so) => (so.Handled, so.Reported + messages));
                    throw;
                }
            }
        });
        Peer[] peers = await Task.WhenAll(Enumerable.Range(0, Senders).Select(i => Peer.ConnectAsync(listener.EndPoint, i)));
        using CancellationTokenSource enough = new();
        Task[] sending = [.. peers.Select(peer => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested && !peer.WasReset)
            {
                await peer.SendAsync(MessageLength * 10);
            }
        }))];
        int[] ports = [.. peers.Select(static peer => ((IPEndPoint)peer.Socket.LocalEndPoint!).Port)];
        Task<(long Count, bool WasReset)>[] acknowledged = [.. peers.Select(static peer => CountAsync(peer.Socket))];
        await Deadline.UntilAsync(() => Interlocked.Read(ref handled) > 20_000, "the load runs");
        // The senders keep sending during the stop.
        await queue.Queue.StopAsync(TimeSpan.FromSeconds(8)).Within("the queue stops");
        await enough.CancelAsync();
        await Task.WhenAll(sending).Within("the senders end");

        (long Count, bool WasReset)[] answered = await Task.WhenAll(acknowledged).Within("the clients have read everything");
        for (int i = 0; i < Senders; i++)
        {
            (long handledHere, long reportedHere) = results[ports[i]];
            // A client that does not read its replies in time is reset, and then loses replies. The kernel reports a reset to a single
            // call, which may be the send.
            bool wasReset = answered[i].WasReset || peers[i].WasReset;
            Assert.InRange(answered[i].Count, wasReset ? 0 : handledHere - reportedHere, handledHere - reportedHere);
        }

        // Few clients are reset, so nearly all replies must arrive.
        Assert.InRange(answered.Sum(static client => client.Count), (long)(results.Values.Sum(static so => so.Handled - so.Reported) * 0.98), long.MaxValue);
        Assert.Empty(faults);
        Array.ForEach(peers, static peer => peer.Dispose());
    }

    [Fact]
    public async Task Stopping_waits_for_a_handler_and_cancels_it_when_the_time_is_over()
    {
        TestQueue queue = await TestQueue.OpenAsync();
        TaskCompletionSource<ZcrxConnection> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<bool> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ZcrxListener listener = queue.Queue.Listen(Anywhere, async (connection, token) =>
        {
            started.SetResult(connection);
            await new TaskCompletionSource().Task.WaitAsync(token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ended.SetResult(token.IsCancellationRequested);
        });
        using Peer peer = await Peer.ConnectAsync(listener.EndPoint, 1);
        ZcrxConnection served = await started.Task.Within("the handler runs");
        Task stopping = queue.Queue.StopAsync(TimeSpan.FromMinutes(10));
        await listener.Completion.Within("nothing more is accepted");
        for (int i = 0; i < 20; i++)
        {
            await queue.Queue.GetConnectionsAsync();
        }

        Assert.False(stopping.IsCompleted || ended.Task.IsCompleted || served.Closed.IsCompleted);
        // The reply of a handler still arrives while the queue stops.
        await served.SendAsync(new byte[3]);
        Assert.Equal(3, await peer.Socket.ReceiveAsync(new byte[10]).Within("the reply arrives"));
        await queue.CloseAsync();
        await stopping.Within("stopping ends");
        Assert.True(await ended.Task.Within("the handler is cancelled"));
    }

    [Fact]
    public async Task Stopping_waits_for_a_handler_whose_connection_is_closed()
    {
        await using TestQueue queue = await TestQueue.OpenAsync();
        TaskCompletionSource<ZcrxConnection> started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource save = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ZcrxListener listener = queue.Queue.Listen(Anywhere, (connection, _) =>
        {
            started.SetResult(connection);
            return save.Task;
        });
        using Peer peer = await Peer.ConnectAsync(listener.EndPoint, 1);
        ZcrxConnection served = await started.Task.Within("the handler runs");
        served.Dispose();
        await served.Closed.Within("the connection is closed");
        Task stopping = queue.Queue.StopAsync(TimeSpan.FromMinutes(10));
        for (int i = 0; i < 20; i++)
        {
            await queue.Queue.GetConnectionsAsync();
        }

        Assert.False(stopping.IsCompleted);
        save.SetResult();
        await stopping.Within("the queue stops");
    }

    [Fact]
    public async Task Port_that_is_taken_is_refused_at_once()
    {
        using Socket taken = ListenSocket.Bind(Anywhere);
        await using TestQueue queue = await TestQueue.OpenAsync();
        Assert.ThrowsAny<ZcrxException>(() => queue.Queue.Listen((IPEndPoint)taken.LocalEndPoint!, static (_, _) => Task.CompletedTask));
    }

    private static async Task<(long Count, bool WasReset)> CountAsync(Socket socket)
    {
        bool wasReset = false;
        long count = 0;
        byte[] buffer = new byte[65536];
        try
        {
            int received;
            while ((received = await socket.ReceiveAsync(buffer)) > 0)
            {
                count += received;
            }
        }
        catch (SocketException)
        {
            // The server has reset the connection before the handler has received all bytes.
            wasReset = true;
        }

        return (count, wasReset);
    }
}
