using System.Text;

namespace Zcrx.Actors.Serialization;

/// <summary>
/// Reads the output of <see cref="RecordWriter"/>. A field that the record does not contain is read as its default value.
/// </summary>
internal sealed class RecordReader(MemoryStream stream) : IDisposable
{
    private readonly BinaryReader _reader = new(stream, Encoding.UTF8, leaveOpen: true);
    private long _end = stream.Length;

    private bool HasMore => stream.Position < _end;

    public string Text() => HasMore ? Checked(_reader.ReadString()) : "";

    public bool Flag() => HasMore && Checked(_reader.ReadBoolean());

    public long Number() => HasMore ? Checked(_reader.Read7BitEncodedInt64()) : 0;

    /// <summary>Reads a number as a 32-bit integer.</summary>
    /// <exception cref="OverflowException">The number does not fit.</exception>
    public int Count() => checked((int)Number());

    /// <summary>Reads a record, and skips fields that a newer writer has added.</summary>
    public T Record<T>(Func<RecordReader, T> read)
    {
        int length = HasMore ? Checked(_reader.Read7BitEncodedInt()) : 0;
        long outer = _end;
        if (length < 0 || stream.Position + length > outer)
        {
            throw new FormatException($"a record of {length} bytes is longer than the remaining data");
        }

        _end = stream.Position + length;
        T result = read(this);
        stream.Position = _end;
        _end = outer;
        return result;
    }

    /// <summary>Reads the number of items and then each of them.</summary>
    public T[] Each<T>(Func<RecordReader, T> read)
    {
        int count = Count();
        // Each item has at least one byte, so a larger count is invalid. The check prevents a huge allocation.
        if (count < 0 || count > _end - stream.Position)
        {
            throw new FormatException($"{count} items do not fit into the remaining data");
        }

        T[] items = new T[count];
        for (int i = 0; i < count; i++)
        {
            items[i] = read(this);
        }

        return items;
    }

    public void Dispose() => _reader.Dispose();

    private T Checked<T>(T value) => stream.Position <= _end ? value : throw new FormatException("a field is longer than its record");
}
