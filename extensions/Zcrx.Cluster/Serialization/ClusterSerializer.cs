using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace Zcrx.Cluster.Serialization;

/// <summary>Serializes the messages between nodes in binary formats of this library.</summary>
/// <remarks>
/// The manifest of a message names its format and version. Readers ignore bytes after the fields that they know, so fields can be added.
/// Threading: any thread.
/// </remarks>
/// <param name="system">The actor system.</param>
internal sealed class ClusterSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>The HOCON that binds this serializer and the serializer of node statuses.</summary>
    /// <remarks>
    /// <c>WithZcrx</c> binds the status serializer as well, but a node without queues does not call it. Such a node needs the serializer,
    /// because distributed data replicates the status of other nodes to it.
    /// </remarks>
    public const string Hocon = """
        akka.actor {
          serializers.zcrx-cluster = "Zcrx.Cluster.Serialization.ClusterSerializer, Zcrx.Cluster"
          serializers.zcrx-node-status = "Zcrx.Actors.Serialization.NodeStatusSerializer, Zcrx.Actors"
          serialization-bindings {
            "Zcrx.Actors.ZcrxNodeStatus, Zcrx.Actors" = zcrx-node-status
            "Zcrx.Cluster.ZcrxNodeEvent, Zcrx.Cluster" = zcrx-cluster
            "Zcrx.Cluster.FrameChunk, Zcrx.Cluster" = zcrx-cluster
            "Zcrx.Cluster.FrameAcknowledgement, Zcrx.Cluster" = zcrx-cluster
            "Zcrx.Cluster.FrameSourceEnded, Zcrx.Cluster" = zcrx-cluster
          }
        }
        """;

    // These manifests are short, since every message carries one.
    private const string Chunk1 = "zc1";
    private const string Acknowledgement1 = "za1";
    private const string SourceEnded1 = "ze1";
    private const string NodeEvent1 = "zcrx-node-event-1";

    // Other nodes identify this serializer by the number, so it must never change.
    private const int Id = 2_026_111;

    public override int Identifier => Id;

    public override string Manifest(object o) => o switch
    {
        FrameChunk => Chunk1,
        FrameAcknowledgement => Acknowledgement1,
        FrameSourceEnded => SourceEnded1,
        ZcrxNodeEvent => NodeEvent1,
        _ => throw new ArgumentException($"Could not serialize {o?.GetType().Name ?? "null"}: {nameof(ClusterSerializer)} serializes messages of Zcrx.Cluster only.", nameof(o)),
    };

    public override byte[] ToBinary(object obj) => obj switch
    {
        FrameChunk chunk => FrameFormat.Write(chunk),
        FrameAcknowledgement acknowledgement => FrameFormat.Write(acknowledgement),
        FrameSourceEnded ended => FrameFormat.Write(ended),
        ZcrxNodeEvent happened => NodeEventFormat.Write(happened),
        _ => throw new ArgumentException(Manifest(obj), nameof(obj)),
    };

    public override object FromBinary(byte[] bytes, string manifest)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        try
        {
            return manifest switch
            {
                Chunk1 => FrameFormat.ReadChunk(bytes),
                Acknowledgement1 => FrameFormat.ReadAcknowledgement(bytes),
                SourceEnded1 => FrameFormat.ReadSourceEnded(bytes),
                NodeEvent1 => NodeEventFormat.Read(bytes),
                _ => throw new SerializationException($"Could not read a message of Zcrx.Cluster: its format '{manifest}' is unknown to this version. Update this node."),
            };
        }
        catch (Exception exception) when (exception is IOException or FormatException or ArgumentException or OverflowException)
        {
            throw new SerializationException($"Could not read '{manifest}' of {bytes.Length} bytes: {exception.Message}", exception);
        }
    }
}
