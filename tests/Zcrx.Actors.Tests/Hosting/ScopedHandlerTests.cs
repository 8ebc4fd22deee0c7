using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Hosting;

/// <summary>Tests connection handlers that the container creates.</summary>
public class ScopedHandlerTests
{
    public static TheoryData<Wiring> Wirings => [.. Enum.GetValues<Wiring>()];

    [Theory]
    [MemberData(nameof(Wirings))]
    public async Task Every_connection_has_a_handler_and_a_scope_of_its_own(Wiring wiring)
    {
        Journal journal = new();
        await using var host = TestHost.Build(wiring, "ours", static zcrx => zcrx.Listen<Handler>("127.0.0.1:0", "ingest"), add: services => services.AddSingleton(journal).AddScoped<Unit>());
        await host.StartAsync();

        using var first = await host.ConnectAsync();
        using var second = await host.ConnectAsync();
        await first.SendAsync(new byte[3]).WithinLimit();
        await second.SendAsync(new byte[5]).WithinLimit();
        await host.Kit.AwaitConditionAsync(() => journal.Handlers.Count == 2 && journal.Handlers.Sum(handler => handler.Bytes) == 8, "both are handled");
        Assert.Equal(2, journal.Handlers.Select(handler => handler.Unit).Distinct().Count());
        Assert.All(journal.Handlers, handler => Assert.False(handler.IsDisposed));

        first.Shutdown(SocketShutdown.Both);

        await host.Kit.AwaitConditionAsync(() => journal.Handlers.Count(handler => handler is { IsDisposed: true, Unit.IsDisposed: true }) == 1, "the handler of the connection that ended is disposed, and its scope");
        await host.StopAsync();
        Assert.All(journal.Handlers, handler => Assert.True(handler.IsDisposed && handler.Unit.IsDisposed));
    }

    [Theory]
    [MemberData(nameof(Wirings))]
    public async Task A_listener_of_the_configuration_takes_a_typed_handler_and_one_with_services(Wiring wiring)
    {
        Journal journal = new();
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Zcrx:Listeners:0:Name", "typed"), new("Zcrx:Listeners:0:EndPoint", "127.0.0.1:0"),
            new("Zcrx:Listeners:1:Name", "services"), new("Zcrx:Listeners:1:EndPoint", "127.0.0.1:0"),
        ]).Build();
        await using var host = TestHost.Build(
            wiring,
            "ours",
            zcrx => zcrx
                .Handle<Handler>("typed")
                .Handle("services", static (services, connection) => services.GetRequiredService<Journal>().Create().Handle(connection))
                .Bind(configuration),
            add: services => services.AddSingleton(journal).AddScoped<Unit>());
        await host.StartAsync();

        foreach (int listener in new[] { 0, 1 })
        {
            using var client = await host.ConnectAsync(listener);
            await client.SendAsync(new byte[7]).WithinLimit();
            await host.Kit.AwaitConditionAsync(() => journal.Handlers.Sum(handler => handler.Bytes) == 7 * (listener + 1), "it is handled");
        }
    }

    [Fact]
    public async Task A_handler_that_cannot_be_created_ends_its_connection_and_is_reported()
    {
        await using var host = TestHost.Build(Wiring.WithZcrx, "ours", static zcrx => zcrx.Listen<Handler>("127.0.0.1:0"));
        await host.StartAsync();
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // The reset may arrive before ConnectAsync has returned.
        _ = await Record.ExceptionAsync(() => client.ConnectAsync(host.Zcrx.EndPoints[0]));

        // The handler cannot be created, because Unit and Journal are not registered.
        await host.Kit.AwaitConditionAsync(() => host.Log.Entries.Any(static entry => entry is { EventId: 1303, Exception: InvalidOperationException }), "the fault is logged");
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Listeners[0].Connections == 0, "its connection is closed");
    }

    [Fact]
    public async Task A_handler_whose_disposal_fails_is_reported()
    {
        await using var host = TestHost.Build(Wiring.WithZcrx, "ours", static zcrx => zcrx.Listen<Faulty>("127.0.0.1:0"));
        await host.StartAsync();
        using (var client = await host.ConnectAsync())
        {
            client.Shutdown(SocketShutdown.Both);
        }

        await host.Kit.AwaitConditionAsync(() => host.Log.Entries.Any(static entry => entry is { EventId: 1303, Exception.Message: "cannot be disposed" }), "the fault is logged");
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Listeners[0].Connections == 0, "its connection is closed");
    }

    [Theory]
    [MemberData(nameof(Wirings))]
    public async Task Asynchronous_handler_answers_in_a_scope_that_ends_with_its_task(Wiring wiring)
    {
        Sessions sessions = new();
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(
            [new("Zcrx:Listeners:0:Name", "configured"), new("Zcrx:Listeners:0:EndPoint", "127.0.0.1:0")]).Build();
        await using var host = TestHost.Build(
            wiring,
            "ours",
            zcrx => zcrx.Bind(configuration).Handle<Session>("configured").Listen<Session>("127.0.0.1:0", "typed"),
            add: services => services.AddSingleton(sessions).AddScoped<Unit>());
        await host.StartAsync();

        for (var listener = 0; listener < 2; listener++)
        {
            using var client = await host.ConnectAsync(listener);
            await client.SendAsync("ping"u8.ToArray()).WithinLimit();
            await host.Kit.AwaitConditionAsync(() => sessions.All.Count == listener + 1, "the handler runs");
            var session = sessions.All.Last();
            var reply = new byte[4];
            Assert.Equal(4, await client.ReceiveAsync(reply).WithinLimit());
            Assert.Equal("ping"u8.ToArray(), reply);
            Assert.False(session.IsDisposed || session.Unit.IsDisposed);
            client.Shutdown(SocketShutdown.Send);
            // The handler has read the end of the stream but has not ended, so its scope must still exist.
            await session.HasRead.Task.WithinLimit();
            Assert.False(session.IsDisposed || session.Unit.IsDisposed);

            session.MayEnd.SetResult();

            Assert.Equal(0, await client.ReceiveAsync(reply).WithinLimit());
            await host.Kit.AwaitConditionAsync(() => session is { IsDisposed: true, Unit.IsDisposed: true }, "handler and scope end with the task");
        }

        Assert.False(host.Log.Has(1303));
    }

    [Fact]
    public async Task Asynchronous_handler_that_cannot_be_created_resets_its_connection_and_is_reported()
    {
        await using var host = TestHost.Build(Wiring.WithZcrx, "ours", static zcrx => zcrx.Listen<Session>("127.0.0.1:0"));
        await host.StartAsync();
        using Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // The reset may arrive before ConnectAsync has returned.
        _ = await Record.ExceptionAsync(() => client.ConnectAsync(host.Zcrx.EndPoints[0]));

        // The handler cannot be created, because Unit and Sessions are not registered.
        await host.Kit.AwaitConditionAsync(() => host.Log.Entries.Any(static entry => entry is { EventId: 1303, Exception: InvalidOperationException }), "the fault is logged");
        await host.Kit.AwaitConditionAsync(async () => (await host.Zcrx.GetStatusAsync()).Listeners[0].Connections == 0, "its connection is closed");
    }

    private sealed class Sessions
    {
        public ConcurrentQueue<Session> All { get; } = new();
    }

    private sealed class Session : IZcrxAsyncConnectionHandler, IAsyncDisposable
    {
        public Session(Sessions sessions, Unit unit)
        {
            Unit = unit;
            sessions.All.Enqueue(this);
        }

        public Unit Unit { get; }

        public TaskCompletionSource HasRead { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource MayEnd { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsDisposed { get; private set; }

        public async Task HandleAsync(ZcrxConnection connection, CancellationToken cancellationToken)
        {
            await foreach (BufferLease lease in connection.Buffers.ToAsyncEnumerable(cancellationToken: cancellationToken))
            {
                await connection.SendAsync(lease.Memory, cancellationToken);
            }

            HasRead.SetResult();
            await MayEnd.Task;
        }

        public ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Journal
    {
        public ConcurrentQueue<Handler> Handlers { get; } = new();

        public Handler Create() => new(this, new Unit());
    }

    private sealed class Unit : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }

    private sealed class Handler : IZcrxConnectionHandler, IDisposable
    {
        private long _bytes;

        public Handler(Journal journal, Unit unit)
        {
            Unit = unit;
            journal.Handlers.Enqueue(this);
        }

        public Unit Unit { get; }

        public long Bytes => Interlocked.Read(ref _bytes);

        public bool IsDisposed { get; private set; }

        public IDisposable Handle(ZcrxConnection connection) =>
            connection.Buffers.Subscribe(buffer => Interlocked.Add(ref _bytes, buffer.Length), static _ => { });

        public void Dispose() => IsDisposed = true;
    }

    private sealed class Faulty : IZcrxConnectionHandler, IAsyncDisposable
    {
        public IDisposable Handle(ZcrxConnection connection) => connection.Buffers.Subscribe(static _ => { }, static _ => { });

        public ValueTask DisposeAsync() => ValueTask.FromException(new InvalidOperationException("cannot be disposed"));
    }
}
