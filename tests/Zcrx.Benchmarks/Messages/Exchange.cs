namespace Zcrx.Benchmarks.Messages;

/// <summary>Answers the requests of one connection. Keeps the part of a request that has arrived until the rest arrives.</summary>
/// <remarks>
/// A request has 128 bytes, and its reply is its first 32 bytes. All .NET servers use this class, and the C programs use messages.h.
/// Threading: one thread at a time.
/// </remarks>
internal sealed class Exchange
{
    public const int RequestLength = 128;
    public const int ReplyLength = 32;

    private readonly byte[] _head = new byte[ReplyLength];
    private int _received;

    /// <summary>Returns the maximum length of the replies to this number of bytes.</summary>
    public static int LengthOfReplies(long length) => (int)(length / RequestLength + 1) * ReplyLength;

    /// <summary>Writes a reply for each request that is complete with these bytes.</summary>
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
