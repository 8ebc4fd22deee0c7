using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Serialization;

/// <summary>Tests that the values that web endpoints usually return can be serialized to JSON with the settings of minimal APIs.</summary>
public class JsonTests
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    [Fact]
    public async Task Status_of_a_running_service_is_JSON()
    {
        Received received = new();
        await using var host = await TestHost.StartAsync(zcrx => zcrx.AddQueues(2, 1.MiB()).Listen("[::]:0", received.Handle, name: "door"));
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[77]);
        var stream = await received.StreamAsync(0);
        await host.Kit.AwaitConditionAsync(() => stream.Length == 77, "the bytes arrive");

        using var json = JsonDocument.Parse(JsonSerializer.Serialize(await host.Zcrx.GetStatusAsync(), Web));

        Assert.Equal("Running", json.RootElement.GetProperty("state").GetString());
        Assert.Equal($"[::]:{host.Zcrx.EndPoints["door"].Port}", json.RootElement.GetProperty("listeners")[0].GetProperty("endPoint").GetString());
        var connection = json.RootElement.GetProperty("queues").EnumerateArray().SelectMany(static queue => queue.GetProperty("connections").EnumerateArray()).Single();
        Assert.Equal(client.LocalEndPoint!.ToString(), connection.GetProperty("remoteEndPoint").GetString());
        Assert.Equal(77, connection.GetProperty("bytesReceived").GetInt64());
    }

    [Fact]
    public void Status_with_every_property_survives_serialization()
    {
        var status = (ZcrxStatus)Filled.Create(typeof(ZcrxStatus));

        var text = JsonSerializer.Serialize(status, Web);
        var read = JsonSerializer.Deserialize<ZcrxStatus>(text, Web)!;

        Assert.Equal(text, JsonSerializer.Serialize(read, Web));
        Assert.Equal("no memory", read.Queues[0].LastError!.Message);
        Assert.Equal(nameof(InvalidOperationException), Assert.IsType<ReportedException>(read.Listeners[0].Error).TypeName);
        Assert.Equal(status.Queues[0].Connections[0].RemoteEndPoint, read.Queues[0].Connections[0].RemoteEndPoint);
    }

    public static TheoryData<Type> Events =>
    [
        .. typeof(ZcrxEvent).Assembly.GetExportedTypes().Where(static type => type.IsAssignableTo(typeof(ZcrxEvent)) && !type.IsAbstract),
        .. typeof(ZcrxReply).GetNestedTypes().Where(static type => type.IsAssignableTo(typeof(ZcrxReply))),
    ];

    [Theory]
    [MemberData(nameof(Events))]
    public void Every_event_and_reply_is_JSON(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        using var json = JsonDocument.Parse(JsonSerializer.Serialize(Filled.Create(type), type, Web));

        Assert.All(type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(static property => property.PropertyType != typeof(Socket)), property =>
            Assert.True(json.RootElement.TryGetProperty(JsonNamingPolicy.CamelCase.ConvertName(property.Name), out _), $"{type.Name}.{property.Name} is missing"));
    }

    /// <summary>Creates objects by reflection and sets all their properties, so that new properties are tested as well.</summary>
    private static class Filled
    {
        public static object Create(Type type)
        {
            if (Nullable.GetUnderlyingType(type) is { } inner)
            {
                return Create(inner);
            }

            if (Simple(type) is { } simple)
            {
                return simple;
            }

            if (type.IsEnum)
            {
                return Enum.GetValues(type).GetValue(1)!;
            }

            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
            {
                Type[] types = type.GetGenericArguments();
                var entries = (System.Collections.IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(types))!;
                entries.Add(Create(types[0]), Create(types[1]));
                return entries;
            }

            if (type == typeof(ImmutableArray<long>))
            {
                return ImmutableArray.Create(4L, 5L);
            }

            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            {
                var items = Array.CreateInstance(type.GetGenericArguments()[0], 1);
                items.SetValue(Create(type.GetGenericArguments()[0]), 0);
                return items;
            }

            if (type == typeof(RebalanceAction))
            {
                return Create(typeof(RebalanceAction.SteerFlow));
            }

            if (type == typeof(ZcrxConnection))
            {
                // The JSON contains only the id of the connection, so the test needs no connection.
                return null!;
            }

            var constructor = type.GetConstructors().OrderByDescending(static candidate => candidate.GetParameters().Length).First();
            var created = constructor.Invoke([.. constructor.GetParameters().Select(static parameter => Create(parameter.ParameterType))]);
            foreach (var property in type.GetProperties().Where(property => property.SetMethod is not null && constructor.GetParameters().All(parameter => parameter.Name != property.Name)))
            {
                property.SetValue(created, Create(property.PropertyType));
            }

            return created;
        }

        private static object? Simple(Type type) => type switch
        {
            _ when type == typeof(string) => "text",
            _ when type == typeof(bool) => true,
            _ when type == typeof(int) => 3,
            _ when type == typeof(long) => 4L,
            _ when type == typeof(double) => 0.5,
            _ when type == typeof(TimeSpan) => TimeSpan.FromSeconds(5),
            _ when type == typeof(DateTimeOffset) => new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            _ when type == typeof(IPEndPoint) => new IPEndPoint(IPAddress.Parse("10.0.0.1"), 9000),
            _ when type == typeof(IPAddress) => IPAddress.Parse("fe80::1"),
            _ when type == typeof(System.Net.Sockets.AddressFamily) => AddressFamily.InterNetworkV6,
            _ when type == typeof(Exception) => new InvalidOperationException("no memory"),
            _ when type == typeof(Socket) => new Socket(SocketType.Stream, ProtocolType.Tcp),
            _ when type == typeof(ReadOnlyMemory<byte>) => new ReadOnlyMemory<byte>([1, 2]),
            _ => null,
        };
    }
}
