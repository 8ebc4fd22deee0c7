using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Hosting;
using Akka.Serialization;
using FsCheck;
using FsCheck.Fluent;
using Xunit.Abstractions;
using Zcrx.Actors.Serialization;
using Zcrx.Actors.Tests.Support;
using Zcrx.Interop;
using Zcrx.Rx;

namespace Zcrx.Actors.Tests.Serialization;

/// <summary>Tests the content and the serialization of the status that is sent to other processes.</summary>
public sealed class NodeStatusTests(ITestOutputHelper output) : ActorTest(output, NodeStatusSerializer.Hocon)
{
    [Fact]
    public async Task Snapshot_of_a_running_service_has_its_numbers_and_survives_serialization()
    {
        Received received = new();
        await using var host = TestHost.Build(Wiring.WithZcrx, "nodes", zcrx => zcrx.AddQueues(2, 1.MiB()).Listen("127.0.0.1:0", received.Handle, name: "door"));
        await host.StartAsync();
        using var client = await host.ConnectAsync();
        await client.SendAsync(new byte[77]);
        var stream = await received.StreamAsync(0);
        await host.Kit.AwaitConditionAsync(() => stream.Length == 77, "the bytes arrive");

        var snapshot = ZcrxNodeStatus.From("edge-1", await host.Zcrx.GetStatusAsync());

        Assert.Equal(("edge-1", ZcrxState.Running, true), (snapshot.Node, snapshot.State, snapshot.IsAccepting));
        Assert.Equal(77, snapshot.Queues.Sum(static queue => queue.BytesReceived));
        Assert.Equal((1, "emulated"), (snapshot.Queues.Sum(static queue => queue.Connections), snapshot.Queues[0].Engine));
        Assert.Equal(("door", $"{host.Zcrx.EndPoints["door"]}", 1), (snapshot.Listeners[0].Name, snapshot.Listeners[0].EndPoint, snapshot.Listeners[0].Connections));
        // Zcrx has added the serializer to the configuration of the actor system.
        var serializer = Assert.IsType<NodeStatusSerializer>(host.System.Serialization.FindSerializerFor(snapshot));
        Assert.Equivalent(snapshot, serializer.FromBinary(serializer.ToBinary(snapshot), serializer.Manifest(snapshot)), strict: true);
    }

    [Theory]
    [InlineData(Wiring.ZcrxFirst)]
    [InlineData(Wiring.AkkaFirst)]
    [InlineData(Wiring.WithZcrx)]
    [InlineData(Wiring.WithZcrxFirst)]
    [InlineData(Wiring.Both)]
    public async Task Serializer_is_bound_in_the_actor_system_of_the_application(Wiring wiring)
    {
        await using var host = TestHost.Build(wiring, "ours", static zcrx => zcrx.AddQueues(1, 1.MiB()));
        await host.StartAsync();
        var snapshot = ZcrxNodeStatus.From("edge-1", await host.Zcrx.GetStatusAsync());

        var serialization = host.System.Serialization;
        var serializer = Assert.IsType<NodeStatusSerializer>(serialization.FindSerializerFor(snapshot));

        // Reads the message as Akka.Remote does: by the number of the serializer.
        Assert.Equivalent(snapshot, serialization.Deserialize(serializer.ToBinary(snapshot), serializer.Identifier, serializer.Manifest(snapshot)), strict: true);
    }

    [Fact]
    public async Task Serializer_of_the_application_is_not_replaced()
    {
        await using var host = TestHost.Build(
            Wiring.AkkaFirst, "ours", static zcrx => zcrx.AddQueues(1, 1.MiB()), static akka => akka.WithCustomSerializer("own", [typeof(ZcrxNodeStatus)], static system => new OwnSerializer(system)));
        await host.StartAsync();

        Assert.IsType<OwnSerializer>(host.System.Serialization.FindSerializerForType(typeof(ZcrxNodeStatus)));
    }

    [Fact]
    public void Every_snapshot_survives_serialization()
    {
        var serializer = (SerializerWithStringManifest)Sys.Serialization.FindSerializerForType(typeof(ZcrxNodeStatus));

        Prop.ForAll(Statuses().ToArbitrary(), status =>
        {
            Assert.Equivalent(status, serializer.FromBinary(serializer.ToBinary(status), serializer.Manifest(status)), strict: true);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Every_property_is_serialized()
    {
        // Every property must differ from its default value. Otherwise the test would not detect a property that the format lacks.
        var status = Full();
        Assert.All(typeof(ZcrxNodeStatus).GetProperties(), property => Assert.NotEqual(property.GetValue(Empty()), property.GetValue(status)));
        Assert.All(typeof(ZcrxNodeQueue).GetProperties(), property => Assert.NotEqual(property.GetValue(new ZcrxNodeQueue { Name = "", State = default }), property.GetValue(status.Queues[0])));
        Assert.All(typeof(ZcrxNodeListener).GetProperties(), property => Assert.NotEqual(property.GetValue(new ZcrxNodeListener { Name = "" }), property.GetValue(status.Listeners[0])));

        Assert.Equivalent(status, Serializer().FromBinary(Serializer().ToBinary(status), NodeStatusSerializer.Version1), strict: true);
    }

    [Fact]
    public void Fields_that_a_newer_version_adds_are_skipped()
    {
        var status = Full();
        byte[] newer = WithMore(Serializer().ToBinary(status));
        Assert.Equivalent(status, Serializer().FromBinary(newer, NodeStatusSerializer.Version1), strict: true);
    }

    [Fact]
    public void Fields_that_an_older_version_lacks_have_default_values()
    {
        using MemoryStream stream = new();
        using (RecordWriter writer = new(stream))
        {
            writer.Record(static record =>
            {
                record.Write("edge-1");
                record.Write(DateTimeOffset.UnixEpoch.UtcTicks);
                record.Write((int)ZcrxState.Running);
            });
        }

        var read = (ZcrxNodeStatus)Serializer().FromBinary(stream.ToArray(), NodeStatusSerializer.Version1);

        Assert.Equivalent(new ZcrxNodeStatus { Node = "edge-1", Time = DateTimeOffset.UnixEpoch, State = ZcrxState.Running }, read, strict: true);
    }

    [Fact]
    public void Unknown_version_is_refused_with_cause_and_fix()
    {
        var refused = Assert.Throws<SerializationException>(() => Serializer().FromBinary(Serializer().ToBinary(Full()), "zcrx-node-status-2"));

        Assert.Contains("'zcrx-node-status-2', and this version of Zcrx knows 'zcrx-node-status-1'. Update this node.", refused.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Serializer().Manifest("text"));
    }

    [Fact]
    public void Damaged_bytes_are_refused_or_read_and_never_fail_otherwise()
    {
        byte[] good = Serializer().ToBinary(Full());
        for (int length = 0; length < good.Length; length++)
        {
            byte[] cut = good[..length];
            Assert.True(length == 0 || Record.Exception(() => Serializer().FromBinary(cut, NodeStatusSerializer.Version1)) is SerializationException, $"the first {length} bytes are accepted");
        }

        Random random = new(42);
        for (int i = 0; i < 10_000; i++)
        {
            byte[] damaged = [.. good];
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            Assert.True(Record.Exception(() => Serializer().FromBinary(damaged, NodeStatusSerializer.Version1)) is null or SerializationException, $"round {i}");
        }
    }

    private NodeStatusSerializer Serializer() => (NodeStatusSerializer)Sys.Serialization.FindSerializerForType(typeof(ZcrxNodeStatus));

    private static ZcrxNodeStatus Empty() => new() { Node = "", Time = default, State = default };

    private static ZcrxNodeStatus Full() => new()
    {
        Node = "akka.tcp://ingest@10.0.0.1:4053",
        Time = new DateTimeOffset(2026, 11, 27, 6, 0, 0, TimeSpan.Zero),
        State = ZcrxState.Running,
        IsAccepting = true,
        Reasons = ["pool_exhausted:eth0-2"],
        Queues = [new ZcrxNodeQueue { Name = "eth0-2", State = QueueState.Restarting, Engine = "nic", Restarts = 3, LastError = "no memory", Pressure = PoolPressureLevel.Exhausted, IsStuck = true, Buffers = 1 << 20, BuffersOut = 7, Connections = 5, PausedConnections = 2, BytesReceived = 1L << 40, CopiedBytes = -1 }],
        Listeners = [new ZcrxNodeListener { Name = "door", EndPoint = "[::]:9000", Connections = 1, Accepted = 2, Refused = 3, IsFull = true, Error = "in use" }],
        Storms = ["eth0-2"],
        DegradedConnections = 4,
    };

    private static Gen<ZcrxNodeStatus> Statuses() =>
        from node in ArbMap.Default.GeneratorFor<NonNull<string>>()
        from names in ArbMap.Default.GeneratorFor<NonNull<string>[]>()
        from numbers in ArbMap.Default.GeneratorFor<long>().ArrayOf(4)
        from flag in ArbMap.Default.GeneratorFor<bool>()
        select Full() with
        {
            Node = Clean(node.Get),
            Time = new DateTimeOffset(Math.Abs(numbers[0] % DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero),
            IsAccepting = flag,
            Reasons = [.. names.Select(static name => Clean(name.Get))],
            Queues = [.. names.Select(name => Full().Queues[0] with { Name = Clean(name.Get), BytesReceived = numbers[1], BuffersOut = (int)numbers[2] })],
            Listeners = [.. names.Select(name => Full().Listeners[0] with { Error = Clean(name.Get), Accepted = numbers[3] })],
        };

    // Removes surrogates, because UTF-8 cannot represent a lone surrogate.
    private static string Clean(string text) => new([.. text.Where(static character => !char.IsSurrogate(character))]);

    /// <summary>Returns a serialized record with additional fields at its end, as a newer version of Zcrx would write.</summary>
    private static byte[] WithMore(byte[] record)
    {
        byte[] content = Content(record);
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write7BitEncodedInt(content.Length + 3);
        writer.Write(content);
        writer.Write((byte[])[1, 2, 3]);
        return stream.ToArray();
    }

    private static byte[] Content(byte[] record)
    {
        using BinaryReader reader = new(new MemoryStream(record));
        return reader.ReadBytes(reader.Read7BitEncodedInt());
    }

    private sealed class OwnSerializer(ExtendedActorSystem system) : Akka.Serialization.Serializer(system)
    {
        public override int Identifier => 4711;

        public override bool IncludeManifest => false;

        public override byte[] ToBinary(object obj) => [];

        public override object FromBinary(byte[] bytes, Type type) => bytes;
    }
}
