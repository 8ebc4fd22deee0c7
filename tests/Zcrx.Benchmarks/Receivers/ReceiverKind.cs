using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Describes a receiver that can be compared: its names, its factory and its share of the traffic.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Title">The name in the table.</param>
/// <param name="VolumeShare">The receiver's share of the volume. A slow receiver has a smaller share, which limits the time of a
/// comparison.</param>
/// <param name="Create">Creates the receiver. It is null if <see cref="Program"/> is the receiver.</param>
internal sealed record ReceiverKind(string Name, string Title, double VolumeShare, Func<IReceiver>? Create)
{
    public const string Zcrx = "zcrx";
    public const string Socket = "socket";
    public const string Akka = "akka";

    // Each frame of 1 KiB is an element of the stream. An element costs far more than its bytes, so the share is small.
    private const double FramesShare = 0.0625;

    /// <summary>Gets all receivers.</summary>
    public static IReadOnlyList<ReceiverKind> All { get; } =
    [
        new(Zcrx, "Zcrx (emulated engine)", 1, static () => new ZcrxReceiver(ZcrxEngine.Emulated)),
        new("zcrx-spin-0", "Zcrx without spinning", 1, static () => new ZcrxReceiver(ZcrxEngine.Emulated, TimeSpan.Zero)),
        new("zcrx-io_uring", "Zcrx (io_uring engine)", 1, static () => new ZcrxReceiver(ZcrxEngine.IoUring)),
        new(Socket, "Socket.ReceiveAsync", 1, static () => new SocketReceiver()),
        new("pipelines", "System.IO.Pipelines", 1, static () => new PipelinesReceiver()),
        new("kestrel", "Kestrel ConnectionHandler", 1, static () => new KestrelReceiver()),
        // With its default settings, Akka.IO is several times slower than the others. With this share, it takes about as long as they do.
        new(Akka, "Akka.IO Tcp", 0.125, static () => new AkkaReceiver(bufferLength: null)),
        new("akka-64k", "Akka.IO Tcp, 64 KiB buffers", 0.5, static () => new AkkaReceiver(64 * 1024)),
        new("streams-tcp", "Akka.Streams Tcp(), bytes", 0.125, static () => new TcpStreamsReceiver(isFramed: false, bufferLength: null)),
        new("streams-tcp-64k", "Akka.Streams Tcp(), bytes, 64 KiB buffers", 0.25, static () => new TcpStreamsReceiver(isFramed: false, 64 * 1024)),
        new("streams-zcrx", "Akka.Streams over Zcrx, bytes", 0.25, static () => new ZcrxStreamsReceiver(StreamElements.Bytes)),
        new("streams-zcrx-mapped", "Akka.Streams over Zcrx, MapBuffers", 0.5, static () => new ZcrxStreamsReceiver(StreamElements.MappedBuffers)),
        new("frames-tcp", "Akka.Streams Tcp(), frames", FramesShare, static () => new TcpStreamsReceiver(isFramed: true, bufferLength: null)),
        new("frames-tcp-64k", "Akka.Streams Tcp(), frames, 64 KiB buffers", FramesShare, static () => new TcpStreamsReceiver(isFramed: true, 64 * 1024)),
        new("frames-zcrx", "Akka.Streams over Zcrx, frames", FramesShare, static () => new ZcrxStreamsReceiver(StreamElements.Frames)),
        new("frames-zcrx-mapped", "Akka.Streams over Zcrx, MapFrames", FramesShare, static () => new ZcrxStreamsReceiver(StreamElements.MappedFrames)),
        new("rings", "Zcrx.Interop rings alone", 1, static () => new RingsReceiver(new EmulatedKernel())),
        new("zcrx-device-less", "Zcrx (device-less engine)", 1, static () => new ZcrxReceiver(ZcrxEngine.DeviceLess)),
        new("rings-device-less", "Zcrx.Interop rings alone, device-less", 1, static () => new RingsReceiver(new LinuxKernel())),
        new("c-zcrx", "C, RECV_ZC device-less", 1, Create: null) { Program = Limit.PathOf("zcrx_loop") },
        new("c-epoll", "C, epoll and readv", 1, Create: null) { Program = Limit.PathOf("bulk_epoll") },
        new("c-io_uring", "C, io_uring", 1, Create: null) { Program = Limit.PathOf("bulk_io_uring") },
    ];

    /// <summary>Gets the receivers that run by default, in order.</summary>
    public static IReadOnlyList<string> Default { get; } =
        [Zcrx, "zcrx-io_uring", Socket, "pipelines", "kestrel", Akka, "akka-64k", "streams-tcp", .. CompiledLimits];

    // The C programs that need no zcrx in the kernel and therefore run on every machine.
    private static IEnumerable<string> CompiledLimits => ((string[])["c-epoll", "c-io_uring"]).Where(static name => File.Exists(Find(name)!.Program));

    /// <summary>Gets the path of the program that is the receiver. It is null if the receiver is a part of this assembly.</summary>
    public string? Program { get; init; }

    public static ReceiverKind? Find(string name) => All.FirstOrDefault(kind => kind.Name == name);
}
