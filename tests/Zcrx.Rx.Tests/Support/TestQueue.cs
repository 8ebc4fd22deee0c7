using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Zcrx.Interop;

namespace Zcrx.Rx.Tests.Support;

/// <summary>
/// <para>Represents a queue on the emulated engine, with a listener on loopback.</para>
/// <para>Disposal checks that no buffer is in flight and that no copy, ring or export is left. It also checks that the ring thread has
/// ended without an error.</para>
/// </summary>
internal sealed class TestQueue : IAsyncDisposable
{
    /// <summary>The engine on which all tests run. It is the emulated one, unless an environment variable names another.</summary>
    private static readonly ZcrxEngine Engine = Enum.TryParse(Environment.GetEnvironmentVariable("ZCRX_TEST_ENGINE"), out ZcrxEngine engine) ? engine : ZcrxEngine.Emulated;

    private readonly ConcurrentDictionary<int, TaskCompletionSource<ZcrxConnection>> _accepted = new();
    private readonly Socket _listener;
    private readonly IDisposable _accepting;
    private readonly int _failedBefore = FailedAssertions.Count;
    // This is null if other queues of the test may use the same kernel. The disposal then cannot check its rings and exports.
    private readonly EmulatedKernel? _kernel;
    private int _streams;

    private TestQueue(ZcrxQueue queue, int? receiveBuffer, bool ownsKernel)
    {
        Queue = queue;
        _kernel = ownsKernel ? queue.Loop.Engine.Kernel as EmulatedKernel : null;
        _listener = ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        if (receiveBuffer is { } size)
        {
            // Accepted sockets inherit the size. If it were set after the accept, the first window would be larger.
            _listener.ReceiveBufferSize = size;
        }

        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = queue.Listen(_listener).Subscribe(connection => Accepted(Port(connection)).TrySetResult(connection));
    }

    public ZcrxQueue Queue { get; }

    public IPEndPoint EndPoint { get; }

    public int BuffersOut => Queue.Snapshot().BuffersOut;

    public static async Task<TestQueue> OpenAsync(
        int buffers = 64,
        EmulatedKernelProfile? profile = null,
        Func<ZcrxQueueOptions, ZcrxQueueOptions>? configure = null,
        int? receiveBuffer = null,
        IIoUringKernel? kernel = null,
        ZcrxSuspendedConnections? suspended = null)
    {
        ZcrxQueueOptions options = Options(buffers, profile);
        options = configure is null ? options : configure(options);
        if (options.Emulation.Nics.Count > 0)
        {
            // Only the emulated engine has interfaces of its own.
            options = options with { Engine = ZcrxEngine.Emulated };
        }

        ZcrxQueue queue = kernel is null
            ? await ZcrxQueue.OpenAsync(options, suspended).Within("the queue opens")
            : await ZcrxQueue.OpenAsync(options, new EngineChoice(kernel is LinuxKernel ? ZcrxEngine.DeviceLess : ZcrxEngine.Emulated, "a test"), kernel, default, suspended).Within("the queue opens");
        return new TestQueue(queue, receiveBuffer, ownsKernel: kernel is null);
    }

    public static ZcrxQueueOptions Options(int buffers = 64, EmulatedKernelProfile? profile = null) => new()
    {
        Name = "test",
        Engine = Engine,
        AreaSize = (long)buffers * Environment.SystemPageSize,
        CheckBorrows = true,
        Emulation = new EmulatedKernelOptions { Profile = profile ?? EmulatedKernelProfile.Linux73 },
    };

    /// <summary>Opens a connection to the queue, and returns both ends.</summary>
    public async Task<(Peer Peer, ZcrxConnection Connection)> ConnectAsync(int? sendBuffer = null)
    {
        Peer peer = await Peer.ConnectAsync(EndPoint, Interlocked.Increment(ref _streams), sendBuffer);
        ZcrxConnection connection = await Accepted(peer.Port).Task.Within("the connection is accepted");
        // A later peer may get the same port.
        _accepted.TryRemove(peer.Port, out _);
        return (peer, connection);
    }

    /// <summary>Gets the number of leases that are copies and are not released.</summary>
    public long LiveCopies => Queue.Loop.Owners.Pool.Ledger.LiveCopies;

    /// <summary>Gets the number of bytes that are copied because their frame is incomplete.</summary>
    public long CopiedFrameBytes => Queue.Loop.Host.Frames.Used;

    /// <summary>Waits until no buffer is leased.</summary>
    public Task AllReturnedAsync() => Deadline.UntilAsync(() => BuffersOut == 0, "all buffers have returned");

    public async ValueTask DisposeAsync()
    {
        if (FailedAssertions.Count != _failedBefore)
        {
            await CloseAsync();
            return;
        }

        await AllReturnedAsync();
        await CloseAsync();
        await Queue.Completion.Within("the ring thread has ended");
        // The operators of a connection may end later than the connection, on another thread.
        await Deadline.UntilAsync(
            () => (BuffersOut, LiveCopies, CopiedFrameBytes, _kernel?.OpenDescriptors ?? 0) == (0, 0, 0, 0), "no lease, copy, frame, ring or export is left");
    }

    /// <summary>Closes the queue and skips the checks of the disposal.</summary>
    public async Task CloseAsync()
    {
        _accepting.Dispose();
        await Queue.DisposeAsync().AsTask().Within("the queue closes");
        _listener.Dispose();
    }

    private static int Port(ZcrxConnection connection) => ((IPEndPoint)connection.RemoteEndPoint!).Port;

    private TaskCompletionSource<ZcrxConnection> Accepted(int port) =>
        _accepted.GetOrAdd(port, static _ => new TaskCompletionSource<ZcrxConnection>(TaskCreationOptions.RunContinuationsAsynchronously));
}
