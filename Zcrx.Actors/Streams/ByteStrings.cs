using Akka.IO;
using Zcrx.Interop;

namespace Zcrx.Actors.Streams;

/// <summary>Creates byte strings of what is received.</summary>
internal static class ByteStrings
{
    public static ByteString Copy(ReceivedBuffer buffer) => ByteString.FromBytes(buffer.Span.ToArray());

    /// <summary>Puts two byte strings into one, whose segments are theirs.</summary>
    public static ByteString Combine(ByteString first, ByteString second) => first.Concat(second);
}
