namespace Zcrx.Benchmarks.Messages;

/// <summary>Holds the part of a request that has arrived on one connection, and answers complete requests.</summary>
/// <remarks>
/// A request is 128 bytes. Its reply is its first 32 bytes. All .NET servers answer with this class, and the C programs with messages.h.
/// Threading: one thread at a time.
/// </remarks>
internal sealed class Exchange
{
    public const int RequestLength = 128;
    public const int ReplyLength = 32;

    private readonly byte[] _head = new byte[ReplyLength];
    private int _received;

    /// <summary>Returns the maximum length of the replies that this number of bytes can cause.</summary>
    public static int LengthOfReplies(long length) => (int)(length / RequestLength + 1) * ReplyLength;

    /// <summary>Writes a reply for each request that the bytes complete.</summary>
    /// <returns>The length of the replies.</returns>
    public int Answer(ReadOnlySpan<byte> bytes, Span<byte> replies)
    {
        int written = 0;
        while (bytes.Length > 0)
        {
            int taken = int.Min(bytes.Length, RequestLength - _received);
            if (_received < ReplyLength)
            {
                bytes[..int.Min(taken, ReplyLength - _received)].CopyTo(_head.AsSpan(_received));
            }

            _received += taken;
            bytes = bytes[taken..];
            if (_received == RequestLength)
            {
                _head.CopyTo(replies[written..]);
                written += ReplyLength;
                _received = 0;
            }
        }

        return written;
    }
}
