using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Ingest.Sending;

/// <summary>
/// Supplies pseudo-random bytes that depend only on a seed, a connection number and the position (SplitMix64 with a counter).
/// </summary>
internal sealed class SeededBytes : IStreamSource
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private readonly ulong _start;

    public SeededBytes(int seed, int connection, long length)
    {
        _start = Mix(((ulong)(uint)seed << 32) | (uint)connection);
        Length = length;
    }

    public long Length { get; }

    public int Read(long offset, Span<byte> destination)
    {
        int count = (int)Math.Min(destination.Length, Length - offset);
        Fill(offset, destination[..count]);
        return count;
    }

    public void Dispose()
    {
        // There is nothing to dispose, because the bytes are computed.
    }

    private void Fill(long offset, Span<byte> destination)
    {
        int head = (int)(-offset & 7);
        if (head > 0)
        {
            head = Math.Min(head, destination.Length);
            Span<byte> word = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(word, Word(offset / 8));
            word.Slice((int)(offset & 7), head).CopyTo(destination);
            destination = destination[head..];
            offset += head;
        }

        long index = offset / 8;
        Span<ulong> words = MemoryMarshal.Cast<byte, ulong>(destination);
        for (int i = 0; i < words.Length; i++)
        {
            ulong value = Word(index++);
            words[i] = BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
        }

        Span<byte> tail = destination[(words.Length * sizeof(ulong))..];
        if (tail.Length > 0)
        {
            Span<byte> word = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(word, Word(index));
            word[..tail.Length].CopyTo(tail);
        }
    }

    private ulong Word(long index) => Mix(_start + (ulong)index * Step);

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
