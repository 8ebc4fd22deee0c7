using System.Buffers;
using Akka.IO;
using Zcrx.Rx;

namespace Zcrx.Actors.Streams;

/// <summary>Sends byte strings without copying their segments.</summary>
internal static class ByteStringSender
{
    public static ValueTask SendAsync(ZcrxConnection connection, ByteString bytes)
    {
        ReadOnlySequence<byte> sequence;
        using (SegmentStream segments = new())
        {
            // WriteTo is the only API of ByteString that gives access to its segments without a copy.
            bytes.WriteTo(segments);
            sequence = segments.ToSequence();
        }

        return connection.SendAsync(sequence);
    }

    /// <summary>Collects references to the arrays that are written to it, without copying them.</summary>
    private sealed class SegmentStream : Stream
    {
        private Segment? _first;
        private Segment? _last;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public ReadOnlySequence<byte> ToSequence() => _first is null ? ReadOnlySequence<byte>.Empty : new ReadOnlySequence<byte>(_first, 0, _last!, _last!.Memory.Length);

        public override void Write(byte[] buffer, int offset, int count)
        {
            _last = new Segment(buffer.AsMemory(offset, count), _last);
            _first ??= _last;
        }

        // A span must be copied, because the caller may change its memory after the call.
        public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> bytes, Segment? previous)
        {
            Memory = bytes;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
