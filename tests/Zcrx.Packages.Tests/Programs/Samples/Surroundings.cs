using System.Reflection;

namespace Samples;

/// <summary>Provides the objects that a fragment uses without creating them. Runs the fragment, and sends bytes to it.</summary>
internal sealed class Surroundings(int port) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _served = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Socket> _peers = [];
    private readonly List<IDisposable> _listeners = [];
    private readonly List<ZcrxQueue> _queues = [];
    private readonly List<IHost> _hosts = [];
    private ActorSystem? _system;
    private ZcrxConnection? _connection;
    private HostApplicationBuilder? _builder;
    private WebApplicationBuilder? _webBuilder;
    private WebApplication? _app;

    public static Surroundings Current { get; private set; } = null!;

    /// <summary>
    /// Gets the options of queues for fragments. With CheckBorrows, a fragment that uses borrowed memory too late loses its connection.
    /// </summary>
    public static ZcrxQueueOptions Options => new() { AreaSize = 1.MiB(), CheckBorrows = true };

    public CancellationToken Stopping => _stopping.Token;

    public ZcrxConnection Connection => _connection ??= Connect();

    public ZcrxQueue Queue => _queues.Count > 0 ? _queues[0] : Open();

    public HostApplicationBuilder Builder => _builder ??= Host.CreateApplicationBuilder();

    private WebApplicationBuilder WebBuilder
    {
        get
        {
            if (_webBuilder is null)
            {
                _webBuilder = WebApplication.CreateBuilder(["--urls", "http://127.0.0.1:0"]);
                _webBuilder.Services.AddAuthorization();
            }

            return _webBuilder;
        }
    }

    private ActorSystem System => _system ??= ActorSystem.Create("samples");

    /// <summary>
    /// Waits until the peer has sent its bytes. Each fragment awaits this at its end, so that its objects stay open until then.
    /// </summary>
    public static Task ServedAsync()
    {
        Current._reached.TrySetResult();
        return Current._served.Task;
    }

    public async Task RunAsync(MethodInfo sample, string serves, bool isEndless)
    {
        Current = this;
        Task running = Task.CompletedTask;
        if (sample.GetParameters().Any(static parameter => parameter.ParameterType == typeof(ZcrxBuilder)))
        {
            // The callback is called when the host is built.
            Builder.Services.AddZcrx(zcrx => running = Start(sample, zcrx));
        }
        else
        {
            running = Start(sample, zcrx: null);
        }

        if (_builder is not null)
        {
            await StartAsync(_builder.Build());
        }

        if (_app is not null || _webBuilder is not null)
        {
            await StartAsync(_app ?? WebBuilder.Build());
        }

        Task serving = serves switch
        {
            "port" => ServeAsync([await DialAsync(running)]),
            "connection" => ServeAsync(_peers),
            _ => Task.CompletedTask,
        };
        await UntilAsync(serving, running);
        if (!isEndless)
        {
            await UntilAsync(_reached.Task, running);
            _served.SetResult();
            await running;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _served.TrySetResult();
        await _stopping.CancelAsync();
        _peers.ForEach(static peer => peer.Dispose());
        foreach (IHost host in _hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }

        _listeners.ForEach(static listener => listener.Dispose());
        foreach (ZcrxQueue queue in _queues)
        {
            await queue.DisposeAsync();
        }

        await (_system?.Terminate() ?? Task.CompletedTask);
    }

    // Waits for a task. If the fragment fails before, throws its exception.
    private static async Task UntilAsync(Task goal, Task running)
    {
        if (await Task.WhenAny(goal, running) == running)
        {
            await running;
        }

        await goal;
    }

    // Sends bytes that are both a frame with a length prefix and a line. Then ends the stream, and expects that the fragment closes the
    // connection.
    private static async Task ServeAsync(IReadOnlyList<Socket> peers)
    {
        byte[] frame = new byte[4 + 16];
        BinaryPrimitives.WriteInt32BigEndian(frame, 16);
        frame[^1] = (byte)'\n';
        await peers[0].SendAsync(frame);
        foreach (Socket peer in peers)
        {
            peer.Shutdown(SocketShutdown.Send);
        }

        while (await peers[0].ReceiveAsync(frame) > 0)
        {
            // The replies of the fragment are not checked.
        }
    }

    private Task Start(MethodInfo sample, ZcrxBuilder? zcrx) => (Task)sample.Invoke(null, [.. sample.GetParameters().Select(parameter => ValueOf(parameter, parameter.ParameterType, zcrx))])!;

    // Connects to the fragment as soon as it listens.
    private async Task<Socket> DialAsync(Task running)
    {
        while (true)
        {
            Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _peers.Add(client);
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port, _stopping.Token);
                return client;
            }
            catch (SocketException)
            {
                await (running.IsFaulted ? running : Task.CompletedTask);
                await Task.Delay(TimeSpan.FromMilliseconds(1), _stopping.Token);
            }
        }
    }

    private async Task StartAsync(IHost host)
    {
        _hosts.Add(host);
        await host.StartAsync();
    }

    private object ValueOf(ParameterInfo parameter, Type type, ZcrxBuilder? zcrx) => type switch
    {
        _ when type == typeof(ZcrxConnection) => _connection is null ? Connection : Connect(),
        _ when type == typeof(ZcrxQueue) => Open(),
        _ when type == typeof(HostApplicationBuilder) => Builder,
        _ when type == typeof(WebApplicationBuilder) => WebBuilder,
        _ when type == typeof(WebApplication) => App(),
        _ when type == typeof(ZcrxBuilder) => zcrx!,
        _ when type == typeof(IZcrx) => Zcrx(),
        _ when type == typeof(ActorSystem) => System,
        _ when type == typeof(IMaterializer) => System.Materializer(),
        _ when type == typeof(IActorRef) => System.ActorOf(Props.Create(static () => new Acknowledger())),
        _ when type == typeof(Func<ZcrxConnection, CancellationToken, Task>) => (ZcrxConnection connection, CancellationToken token) => connection.Buffers.ForEachAsync(static _ => { }, token),
        _ when type == typeof(Socket) => parameter.Name == "listener" ? Dialled() : Accepted(),
        _ when type == typeof(EndPoint) => Echo(),
        _ when type == typeof(IDisposable) => _stopping,
        _ => Activator.CreateInstance(type)!,
    };

    private ZcrxQueue Open()
    {
        ZcrxQueue queue = ZcrxQueue.OpenAsync(Options).GetAwaiter().GetResult();
        _queues.Add(queue);
        return queue;
    }

    private ZcrxConnection Connect()
    {
        TaskCompletionSource<ZcrxConnection> accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using Socket listener = Listener();
        IDisposable listening = Queue.Listen(listener).Subscribe(accepted.SetResult);
        _listeners.Add(listening);
        Dial(listener);
        return accepted.Task.GetAwaiter().GetResult();
    }

    private WebApplication App()
    {
        WebBuilder.Services.AddZcrx(static zcrx => zcrx.AddQueues(1));
        WebBuilder.Services.AddHealthChecks().AddZcrx();
        return _app ??= WebBuilder.Build();
    }

    private IZcrx Zcrx()
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Services.AddZcrx(static zcrx => zcrx.AddQueues(1));
        IHost host = builder.Build();
        StartAsync(host).GetAwaiter().GetResult();
        return host.Services.GetRequiredService<IZcrx>();
    }

    // Returns a listening socket to which a peer is connected already.
    private Socket Dialled()
    {
        Socket listener = Listener();
        Dial(listener);
        return listener;
    }

    private Socket Accepted()
    {
        using Socket listener = Listener();
        Dial(listener);
        return listener.Accept();
    }

    // Returns the address of a server that sends all received bytes back.
    private EndPoint Echo()
    {
        ZcrxListener listener = Queue.Listen("127.0.0.1:0", static (connection, token) => connection.Buffers.ForwardToAsync(connection, token));
        _listeners.Add(listener);
        return listener.EndPoint;
    }

    private static Socket Listener()
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    private void Dial(Socket listener)
    {
        Socket peer = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        peer.Connect(listener.LocalEndPoint!);
        _peers.Add(peer);
    }

    /// <summary>Represents an actor that acknowledges every frame.</summary>
    private sealed class Acknowledger : ReceiveActor
    {
        public Acknowledger()
        {
            Receive<ZcrxStream.Init>(static init => init.Acknowledge());
            Receive<ZcrxStream.Frame>(static frame => frame.Acknowledge());
            ReceiveAny(static _ => { });
        }
    }
}
