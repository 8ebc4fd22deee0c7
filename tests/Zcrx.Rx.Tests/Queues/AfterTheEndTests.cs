using System.Net;
using System.Net.Sockets;
using System.Reactive.Linq;
using System.Reactive.Threading.Tasks;
using System.Reflection;
using Zcrx.Interop;
using Zcrx.Rx.Tests.Support;

namespace Zcrx.Rx.Tests.Queues;

/// <summary>
/// Calls every public member of a queue, a connection and a set of suspended connections after their end. Each must return at once, or
/// throw its documented exception. A new member must be added here.
/// </summary>
[Collection(SocketsCollection.Name)]
public class AfterTheEndTests : IClassFixture<ResourceCheck>
{
    private const string Answers = "answers";
    private const string IsDisposed = nameof(ObjectDisposedException);
    private const string HasNowhereToSuspend = nameof(InvalidOperationException);

    [Fact]
    public async Task Member_of_an_ended_object_returns_at_once_or_throws_its_documented_exception()
    {
        TestQueue alive = await TestQueue.OpenAsync();
        TestQueue ended = await TestQueue.OpenAsync();
        (Peer peer, ZcrxConnection connection) = await ended.ConnectAsync();
        ZcrxSuspendedConnections suspended = new();
        suspended.Dispose();
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(alive.EndPoint);
        ZcrxQueue queue = ended.Queue;
        await ended.CloseAsync();
        peer.Dispose();
        IPEndPoint anywhere = new(IPAddress.Loopback, 0);

        await CheckAsync(queue, new()
        {
            ["Name"] = (() => queue.Name, Answers), ["Engine"] = (() => queue.Engine, Answers), ["RxQueue"] = (() => queue.RxQueue, Answers), ["Capabilities"] = (() => queue.Capabilities, Answers),
            ["Completion"] = (() => queue.Completion, Answers),
            ["Pressure"] = (() => queue.Pressure.LastOrDefaultAsync().ToTask(), Answers), ["Growth"] = (() => queue.Growth.LastOrDefaultAsync().ToTask(), Answers),
            ["Notifications"] = (() => queue.Notifications.LastOrDefaultAsync().ToTask(), Answers), ["Links"] = (() => queue.Links.LastOrDefaultAsync().ToTask(), Answers),
            ["ReceiveStalls"] = (() => queue.ReceiveStalls.LastOrDefaultAsync().ToTask(), Answers),
            ["LimitsReached"] = (() => queue.LimitsReached.LastOrDefaultAsync().ToTask(), Answers), ["Statistics"] = (() => queue.Statistics.LastOrDefaultAsync().ToTask(), Answers), ["ConsumerFaults"] = (() => queue.ConsumerFaults.LastOrDefaultAsync().ToTask(), Answers), ["UnobservedErrors"] = (() => queue.UnobservedErrors.LastOrDefaultAsync().ToTask(), Answers),
            ["Listen"] = (() => queue.Listen(anywhere).LastOrDefaultAsync().ToTask(), Answers), ["AttachAsync"] = (() => queue.AttachAsync(socket), IsDisposed),
            ["ConnectAsync"] = (() => queue.ConnectAsync(alive.EndPoint), IsDisposed), ["Snapshot"] = (queue.Snapshot, Answers), ["LeaseOrigins"] = (queue.LeaseOrigins, Answers),
            ["GetConnectionsAsync"] = (queue.GetConnectionsAsync, Answers), ["ReconfigureAsync"] = (() => queue.ReconfigureAsync(TestQueue.Options()), IsDisposed),
            ["ExportAsync"] = (queue.ExportAsync, IsDisposed), ["StopAsync"] = (() => queue.StopAsync(TimeSpan.FromHours(1)), Answers), ["SuspendAsync"] = (() => queue.SuspendAsync(), HasNowhereToSuspend), ["DisposeAsync"] = (() => queue.DisposeAsync().AsTask(), Answers),
        });
        await CheckAsync(connection, new()
        {
            ["Id"] = (() => connection.Id, Answers), ["RemoteEndPoint"] = (() => connection.RemoteEndPoint, Answers), ["LocalEndPoint"] = (() => connection.LocalEndPoint, Answers), ["NoDelay"] = (() => connection.NoDelay = !connection.NoDelay, Answers),
            ["Buffers"] = (() => connection.Buffers.Select(static buffer => buffer.Length).LastOrDefaultAsync().ToTask(), nameof(ZcrxStreamException)), ["BytesReceived"] = (() => connection.BytesReceived, Answers),
            ["BuffersLeased"] = (() => connection.BuffersLeased, Answers), ["BytesWaiting"] = (() => connection.BytesWaiting, Answers), ["HandleAsync"] = (() => connection.HandleAsync(static (_, _) => Task.CompletedTask), Answers), ["QueueName"] = (() => connection.QueueName, Answers), ["State"] = (() => connection.State, Answers), ["IsPausedByPressure"] = (() => connection.IsPausedByPressure, Answers),
            ["CloseMode"] = (() => connection.CloseMode = CloseMode.AtEndOfStream, Answers), ["ConnectionClosed"] = (() => connection.ConnectionClosed, Answers), ["Hold"] = (() => connection.Hold(), Answers), ["BeginWork"] = (() => connection.BeginWork(), Answers), ["Closed"] = (() => connection.Closed, Answers), ["Finished"] = (() => connection.Finished, Answers),
            ["Pause"] = (Do(connection.Pause), Answers), ["Resume"] = (Do(connection.Resume), Answers), ["MoveToAsync"] = (() => connection.MoveToAsync(alive.Queue), Answers),
            ["DetachAsync"] = (connection.DetachAsync, Answers), ["SendAsync"] = (() => connection.SendAsync(new byte[1]).AsTask(), IsDisposed), ["ShutdownSend"] = (Do(connection.ShutdownSend), Answers),
            ["Abort"] = (Do(connection.Abort), Answers), ["Dispose"] = (Do(connection.Dispose), Answers), ["ToString"] = (connection.ToString, Answers),
        });
        await CheckAsync(suspended, new()
        {
            ["Count"] = (() => suspended.Count, Answers), ["ContinueOnAsync"] = (() => suspended.ContinueOnAsync(alive.Queue), Answers), ["EndAll"] = (Do(suspended.EndAll), Answers), ["Dispose"] = (Do(suspended.Dispose), Answers),
        });
        await alive.DisposeAsync();
    }

    private static async Task CheckAsync<T>(T subject, Dictionary<string, (Func<object?> Use, string Outcome)> members)
        where T : notnull
    {
        IEnumerable<string> declared = subject.GetType()
            .GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(static member => member is PropertyInfo or MethodInfo { IsSpecialName: false })
            .Select(static member => member.Name)
            .Distinct();
        Assert.Equal(declared.Order(StringComparer.Ordinal), members.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, (Func<object?> use, string outcome)) in members)
        {
            Exception? thrown = await Record.ExceptionAsync(async () =>
            {
                if (use() is Task task)
                {
                    await task.Within($"{typeof(T).Name}.{name} has an outcome");
                }
            });
            Assert.True((thrown?.GetType().Name ?? Answers) == outcome, $"{typeof(T).Name}.{name}: expected {outcome}, but {thrown?.ToString() ?? Answers}");
        }
    }

    private static Func<object?> Do(Action use) => () =>
    {
        use();
        return null;
    };
}
