using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Zcrx.Cluster.Serialization;

namespace Zcrx.Cluster.Tests.Serialization;

/// <summary>Tests how the messages between nodes are serialized.</summary>
public sealed class ClusterSerializerTests : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create(
        "formats", ConfigurationFactory.ParseString("akka { stdout-loglevel = OFF, loglevel = OFF }").WithFallback(ConfigurationFactory.ParseString(ClusterSerializer.Hocon)));

    public void Dispose() => _system.Dispose();

    [Fact]
    public void Messages_are_equal_after_serialization()
    {
        FrameAcknowledgement acknowledgement = new(Guid.NewGuid(), 63, 1L << 40);
        FrameSourceEnded ended = new(Guid.NewGuid(), 5);
        ZcrxNodeEvent happened = new("akka.tcp://a@b:1", DateTimeOffset.UtcNow, "QueueFailed", "eth0-2", "the cause");
        Assert.Equal(acknowledgement, RoundTrip(acknowledgement));
        Assert.Equal(ended, RoundTrip(ended));
        Assert.Equal(happened, RoundTrip(happened));
    }

    [Fact]
    public void Chunk_has_all_its_frames_after_serialization_even_empty_ones()
    {
        byte[] bytes = [1, 2, 3, 4, 5];
        FrameChunk chunk = new(Guid.NewGuid(), 7, 100, 90, [0, 2, 2, 5], bytes);

        FrameChunk read = RoundTrip(chunk);

        Assert.Equal((chunk.Source, 7, 100L, 90L, 4, 104L), (read.Source, read.Partition, read.FirstSequence, read.OldestUnacknowledged, read.Count, read.NextSequence));
        Assert.Equal([[], [1, 2], [], [3, 4, 5]], Enumerable.Range(0, read.Count).Select(index => read[index].ToArray()));
    }

    [Fact]
    public void Damaged_chunk_is_refused_with_a_serialization_error_and_never_read_out_of_bounds()
    {
        ClusterSerializer serializer = new((ExtendedActorSystem)_system);
        FrameChunk chunk = new(Guid.NewGuid(), 7, 100, 90, [1, 3], new byte[] { 1, 2, 3 });
        byte[] good = serializer.ToBinary(chunk);
        string manifest = serializer.Manifest(chunk);
        Random random = new(1);
        int refused = 0;
        for (int i = 0; i < 5_000; i++)
        {
            byte[] bad = [.. good.AsSpan(0, random.Next(good.Length + 1))];
            for (int change = random.Next(3); change > 0 && bad.Length > 0; change--)
            {
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            }

            try
            {
                FrameChunk read = (FrameChunk)serializer.FromBinary(bad, manifest);
                Assert.InRange(Enumerable.Range(0, read.Count).Sum(index => read[index].Length), 0, bad.Length);
            }
            catch (SerializationException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1000, 4999);
        Assert.Throws<SerializationException>(() => serializer.FromBinary(good, "zc9"));
    }

    private T RoundTrip<T>(T message)
        where T : class
    {
        var serializer = Assert.IsType<ClusterSerializer>(_system.Serialization.FindSerializerFor(message));
        return Assert.IsType<T>(serializer.FromBinary(serializer.ToBinary(message), serializer.Manifest(message)));
    }
}
