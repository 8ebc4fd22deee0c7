using System.Text;

namespace Zcrx.Cluster.Serialization;

/// <summary>Defines the fields of a serialized <see cref="ZcrxNodeEvent"/>. Add new fields at the end.</summary>
internal static class NodeEventFormat
{
    public static byte[] Write(ZcrxNodeEvent happened)
    {
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream, Encoding.UTF8);
        writer.Write(happened.Node);
        writer.Write(happened.Time.UtcTicks);
        writer.Write(happened.Kind);
        writer.Write(happened.Subject);
        writer.Write(happened.Text);
        writer.Flush();
        return stream.ToArray();
    }

    public static ZcrxNodeEvent Read(byte[] bytes)
    {
        using MemoryStream stream = new(bytes, writable: false);
        using BinaryReader reader = new(stream, Encoding.UTF8);
        return new ZcrxNodeEvent(
            reader.ReadString(), new DateTimeOffset(reader.ReadInt64(), TimeSpan.Zero), reader.ReadString(), reader.ReadString(), reader.ReadString());
    }
}
