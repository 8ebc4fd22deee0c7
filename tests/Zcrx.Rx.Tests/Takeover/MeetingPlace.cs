using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Processes;
using Zcrx.Rx.Takeover;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Takeover;

/// <summary>Represents a directory with the path of a takeover socket. Also acts as the process that offers a listener there.</summary>
internal sealed class MeetingPlace : IAsyncDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("zcrx-takeover-");

    public string Path => System.IO.Path.Combine(_directory.FullName, "socket");

    public string DirectoryPath => _directory.FullName;

    public ZcrxTakeoverOptions Options => new() { Path = Path, Timeout = Deadline.Limit };

    public Task<ZcrxTakeover> OpenAsync(ZcrxTakeoverOptions? options = null) => ZcrxTakeover.OpenAsync(options ?? Options).Within("the place is taken");

    /// <summary>Starts the first process, which offers its listener to successors.</summary>
    public async Task<(ZcrxTakeover Takeover, Source Source)> ServeAsync(ZcrxTakeoverOptions? options = null)
    {
        ZcrxTakeover takeover = await OpenAsync(options);
        Source source = new(ListenSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0)));
        await takeover.CommitAsync();
        takeover.Serve(source);
        return (takeover, source);
    }

    /// <summary>Connects to the path as a successor does.</summary>
    public async Task<Socket> ConnectAsync()
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path)).Within("the connect");
        return socket;
    }

    /// <summary>Encodes a message in its wire format.</summary>
    public static byte[] Frame(TakeoverMessageType type, byte[] payload, int descriptors = 0, ushort version = TakeoverHeader.CurrentVersion)
    {
        byte[] bytes = new byte[TakeoverHeader.Size + payload.Length];
        new TakeoverHeader(version, type, payload.Length, descriptors).Write(bytes);
        payload.CopyTo(bytes, TakeoverHeader.Size);
        return bytes;
    }

    public static void Send(Socket socket, ReadOnlySpan<byte> bytes, params ReadOnlySpan<int> descriptors) =>
        Assert.Equal(bytes.Length, DescriptorPassing.Send((int)socket.SafeHandle.DangerousGetHandle(), bytes, descriptors));

    public ValueTask DisposeAsync()
    {
        _directory.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Offers one listener for a takeover, and records what happens to it.</summary>
    internal sealed class Source(Socket listener) : ITakeoverSource, IDisposable
    {
        public IPEndPoint EndPoint { get; } = (IPEndPoint)listener.LocalEndPoint!;

        public ConcurrentQueue<Exception> Failures { get; } = new();

        public int Releases { get; private set; }

        public Exception? ReleaseFails { get; init; }

        public IReadOnlyList<KeyValuePair<string, Socket>> GetListeners() => [KeyValuePair.Create("ingest", listener)];

        public Task ReleaseAsync(int successor)
        {
            Assert.Equal(Environment.ProcessId, successor);
            Releases++;
            return ReleaseFails is null ? Task.CompletedTask : Task.FromException(ReleaseFails);
        }

        public void OnAttemptFailed(Exception cause) => Failures.Enqueue(cause);

        public void Dispose() => listener.Dispose();
    }
}
