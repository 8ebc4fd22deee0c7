using System.Net.Sockets;
using System.Reactive.Disposables;
using Akka.Actor;
using Akka.TestKit.TestActors;
using Zcrx.Actors.Tests.Shutdown;
using Zcrx.Actors.Tests.Support;

namespace Zcrx.Actors.Tests.Remoting;

/// <summary>
/// Contains the entry point of separate processes: a <see cref="PoolServer"/>, a <see cref="StuckServer"/>, or a peer with Akka.Remote. The
/// peer reads names of messages from standard input, sends these messages, and prints the answers.
/// </summary>
internal static class RemotePeer
{
    public const string Argument = "remote-peer";

    public const string Loopback = """
        akka {
          stdout-loglevel = OFF
          loglevel = ERROR
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
        }
        """;

    /// <summary>Contains one command of each type, by the type's name.</summary>
    public static IReadOnlyDictionary<string, Func<ZcrxCommand>> Commands { get; } = new Dictionary<string, Func<ZcrxCommand>>(StringComparer.Ordinal)
    {
        [nameof(ZcrxCommand.GetStatus)] = static () => new ZcrxCommand.GetStatus(),
        [nameof(ZcrxCommand.WhenStarted)] = static () => new ZcrxCommand.WhenStarted(),
        [nameof(ZcrxCommand.CloseListeners)] = static () => new ZcrxCommand.CloseListeners(),
        [nameof(ZcrxCommand.Stop)] = static () => new ZcrxCommand.Stop(TimeSpan.Zero),
        [nameof(ZcrxCommand.RestartQueue)] = static () => new ZcrxCommand.RestartQueue("queue0"),
        [nameof(ZcrxCommand.AttachConnection)] = static () => new ZcrxCommand.AttachConnection(
            new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), static _ => Disposable.Empty),
        [nameof(ZcrxCommand.PauseConnection)] = static () => new ZcrxCommand.PauseConnection(1),
        [nameof(ZcrxCommand.ResumeConnection)] = static () => new ZcrxCommand.ResumeConnection(1),
        [nameof(ZcrxCommand.MoveConnection)] = static () => new ZcrxCommand.MoveConnection(1, "queue0"),
        [nameof(ZcrxCommand.Bind)] = static () => new ZcrxCommand.Bind(new ZcrxListenerOptions()),
        [nameof(ZcrxCommand.Unbind)] = static () => new ZcrxCommand.Unbind("door"),
        [nameof(ZcrxCommand.DetachConnection)] = static () => new ZcrxCommand.DetachConnection(1),
    };

    public static async Task<int> Main(string[] args)
    {
        return args switch
        {
            [Argument] => await RunAsync(),
            [PoolServer.Argument] => await PoolServer.RunAsync(),
            [StuckServer.Argument] => await StuckServer.RunAsync(),
            _ => 2,
        };
    }

    private static async Task<int> RunAsync()
    {
        ActorSystem system = ActorSystem.Create("theirs", Loopback);
        IActorRef listener = system.ActorOf<BlackHoleActor>("listener");
        await Console.Out.WriteLineAsync($"ready {Akka.Serialization.Serialization.SerializedActorPath(listener)}");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            string[] words = line.Split(' ');
            await Console.Out.WriteLineAsync(await CarryOutAsync(system, words[0], words[1], words.ElementAtOrDefault(2)));
        }

        await system.Terminate();
        return 0;
    }

    /// <summary>Sends one message to an actor of the first process.</summary>
    private static async Task<string> CarryOutAsync(ActorSystem system, string how, string path, string? what)
    {
        ActorSelection target = system.ActorSelection(path);
        switch (how)
        {
            case "ask":
                return await AskAsync(target, Commands[what!]());
            case "askText":
                return await AskAsync(target, what!);
            default:
                target.Tell(Commands[what!](), ActorRefs.NoSender);
                return "told";
        }
    }

    private static async Task<string> AskAsync(ActorSelection target, object message)
    {
        try
        {
            return $"answer {await target.Ask<object>(message, Eventually.Limit)}";
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name} {exception.Message}";
        }
    }
}
