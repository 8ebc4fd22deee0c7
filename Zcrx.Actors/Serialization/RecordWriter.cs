using System.Text;

namespace Zcrx.Actors.Serialization;

/// <summary>Writes records with a length prefix.</summary>
internal sealed class RecordWriter(MemoryStream stream) : IDisposable
{
    private readonly BinaryWriter _writer = new(stream, Encoding.UTF8, leaveOpen: true);

    public void Write(string value) => _writer.Write(value);

    public void Write(bool value) => _writer.Write(value);

    public void Write(long value) => _writer.Write7BitEncodedInt64(value);

    /// <summary>Writes a record after its length, so that a reader can skip unknown fields.</summary>
    public void Record(Action<RecordWriter> write)
    {
        using MemoryStream content = new();
        using (RecordWriter inner = new(content))
        {
            write(inner);
        }

        _writer.Write7BitEncodedInt((int)content.Length);
        _writer.Write(content.GetBuffer(), 0, (int)content.Length);
    }

    /// <summary>Writes the number of items and then each of them.</summary>
    public void Each<T>(IReadOnlyCollection<T> items, Action<RecordWriter, T> write)
    {
        Write(items.Count);
        foreach (T item in items)
        {
            write(this, item);
        }
    }

    public void Dispose() => _writer.Dispose();
}
