using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;

namespace Zcrx.Actors.Serialization;

/// <summary>Serializes <see cref="ZcrxNodeStatus"/> in an extensible binary format.</summary>
/// <remarks>
/// <para>The manifest is the version of the format. New fields may be added at the end of a record without a new version. A reader skips
/// unknown fields, and uses default values for fields that an older writer has not written. Any other change needs a new manifest, which
/// older readers refuse.</para>
/// <para>Threading: callable on any thread.</para>
/// </remarks>
/// <param name="system">The actor system.</param>
internal sealed class NodeStatusSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>The manifest of the current format.</summary>
    public const string Version1 = "zcrx-node-status-1";

    /// <summary>The HOCON that binds this serializer.</summary>
    public const string Hocon = """
        akka.actor {
          serializers.zcrx-node-status = "Zcrx.Actors.Serialization.NodeStatusSerializer, Zcrx.Actors"
          serialization-bindings { "Zcrx.Actors.ZcrxNodeStatus, Zcrx.Actors" = zcrx-node-status }
        }
        """;

    // The identifier is part of the protocol, like the manifests, and must never change.
    private const int Id = 2_026_110;

    /// <summary>Binds this serializer in a running actor system whose configuration does not bind another one.</summary>
    /// <remarks>Needed for an actor system that the application has created itself. Its configuration cannot be changed any more.</remarks>
    public static void Bind(ActorSystem system)
    {
        Akka.Serialization.Serialization serialization = ((ExtendedActorSystem)system).Serialization;
        if (serialization.FindSerializerForType(typeof(ZcrxNodeStatus)) == serialization.FindSerializerForType(typeof(object)))
        {
            NodeStatusSerializer serializer = new((ExtendedActorSystem)system);
            serialization.AddSerializer("zcrx-node-status", serializer);
            serialization.AddSerializationMap(typeof(ZcrxNodeStatus), serializer);
        }
    }

    public override int Identifier => Id;

    public override string Manifest(object o) => o is ZcrxNodeStatus
        ? Version1
        : throw new ArgumentException($"Could not serialize {o?.GetType().Name ?? "null"}: {nameof(NodeStatusSerializer)} serializes {nameof(ZcrxNodeStatus)} only.", nameof(o));

    public override byte[] ToBinary(object obj)
    {
        _ = Manifest(obj);
        using MemoryStream stream = new();
        using (RecordWriter writer = new(stream))
        {
            NodeStatusFormat.Write(writer, (ZcrxNodeStatus)obj);
        }

        return stream.ToArray();
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        if (manifest != Version1)
        {
            throw new SerializationException(
                $"Could not read a {nameof(ZcrxNodeStatus)}: its format is '{manifest}', and this version of Zcrx knows '{Version1}'. Update this node.");
        }

        try
        {
            using MemoryStream stream = new(bytes, writable: false);
            using RecordReader reader = new(stream);
            return NodeStatusFormat.Read(reader);
        }
        catch (Exception exception) when (exception is IOException or FormatException or ArgumentException or OverflowException)
        {
            throw new SerializationException($"Could not read a {nameof(ZcrxNodeStatus)} of {bytes.Length} bytes: {exception.Message}", exception);
        }
    }
}
