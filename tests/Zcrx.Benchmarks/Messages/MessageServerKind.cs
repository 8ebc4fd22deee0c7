using Zcrx.Rx;

namespace Zcrx.Benchmarks.Messages;

/// <summary>Describes a server of small messages that can be compared.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Title">The name in tables and charts.</param>
/// <param name="Start">Starts the server in this process and returns its port. It is null if <see cref="Program"/> is the server.</param>
internal sealed record MessageServerKind(string Name, string Title, Func<Task<int>>? Start)
{
    public const string Socket = "socket";

    /// <summary>Gets the servers that run by default.</summary>
    public static IReadOnlyList<MessageServerKind> Usual { get; } =
    [
        new("zcrx", "Zcrx (emulated engine)", static () => ZcrxMessageServer.StartAsync(ZcrxEngine.Emulated)),
        new("zcrx-io_uring", "Zcrx (io_uring engine)", static () => ZcrxMessageServer.StartAsync(ZcrxEngine.IoUring)),
        new(Socket, "Socket", SocketMessageServer.StartAsync),
        new("pipelines", "System.IO.Pipelines", PipelinesMessageServer.StartAsync),
        new("kestrel", "Kestrel ConnectionHandler", KestrelMessageServer.StartAsync),
        new("akka", "Akka.IO Tcp", AkkaMessageServer.StartAsync),
        new("streams-tcp", "Akka.Streams Tcp()", StreamsMessageServer.StartAsync),
        new("c-epoll", "C, epoll", Start: null) { Program = Limit.PathOf("messages_epoll") },
        new("c-io_uring", "C, io_uring", Start: null) { Program = Limit.PathOf("messages_io_uring") },
    ];

    /// <summary>Gets servers of Zcrx that differ in the value of <see cref="ZcrxQueueOptions.SpinBeforeSleep"/>.</summary>
    public static IReadOnlyList<MessageServerKind> Spinning { get; } =
    [
        .. new[] { 0, 20, 50, 100, 200 }.SelectMany(static spin => (MessageServerKind[])[Spin("zcrx", ZcrxEngine.Emulated, spin), Spin("zcrx-io_uring", ZcrxEngine.IoUring, spin)]),
    ];

    public static IReadOnlyList<MessageServerKind> All => [.. Usual, .. Spinning];

    /// <summary>Gets the path of the program that is the server. It is null if the server is a part of this assembly.</summary>
    public string? Program { get; init; }

    public static MessageServerKind? Find(string name) => All.FirstOrDefault(kind => kind.Name == name);

    private static MessageServerKind Spin(string name, ZcrxEngine engine, int microseconds) =>
        new($"{name}-spin-{microseconds}", $"{name}, spins for up to {microseconds} µs", () => ZcrxMessageServer.StartAsync(engine, TimeSpan.FromMicroseconds(microseconds)));
}
