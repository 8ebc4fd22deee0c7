namespace Zcrx.Benchmarks.Receivers;

/// <summary>Describes a receiver that can be compared: its names, its factory and its share of the traffic.</summary>
/// <param name="Name">On the command line.</param>
/// <param name="Title">In the table.</param>
/// <param name="VolumeShare">Part of the volume that it gets: the slow ones less, so that the comparison ends.</param>
/// <param name="Create">Makes it.</param>
internal sealed record ReceiverKind(string Name, string Title, double VolumeShare, Func<IReceiver> Create)
{
    public const string Zcrx = "zcrx";
    public const string Socket = "socket";
    public const string Akka = "akka";

    /// <summary>Those that run when nothing else is said, in their order.</summary>
    public static IReadOnlyList<string> Default { get; } = [Zcrx, Socket, "pipelines", Akka, "akka-64k"];

    /// <summary>All there are.</summary>
    public static IReadOnlyList<ReceiverKind> All { get; } =
    [
        new(Zcrx, "Zcrx (emulated engine)", 1, static () => new ZcrxReceiver()),
        new(Socket, "Socket.ReceiveAsync", 1, static () => new SocketReceiver()),
        new("pipelines", "System.IO.Pipelines", 1, static () => new PipelinesReceiver()),
        // Several times slower than the others with its default settings, so a smaller volume takes as long.
        new(Akka, "Akka.IO Tcp", 0.125, static () => new AkkaReceiver(bufferLength: null)),
        new("akka-64k", "Akka.IO Tcp, 64 KiB buffers", 0.5, static () => new AkkaReceiver(64 * 1024)),
        new("rings", "Zcrx.Interop rings alone", 1, static () => new RingsReceiver()),
    ];

    public static ReceiverKind? Find(string name) => All.FirstOrDefault(kind => kind.Name == name);
}
