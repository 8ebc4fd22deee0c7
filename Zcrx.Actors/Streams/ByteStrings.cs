using Akka.IO;
using Zcrx.Interop;

namespace Zcrx.Actors.Streams;

/// <summary>Creates byte strings from received bytes.</summary>
internal static class ByteStrings
{
    public static ByteString Copy(ReceivedBuffer buffer) => ByteString.FromBytes(buffer.Span.ToArray());

    /// <summary>Concatenates two byte strings without copying their segments.</summary>
    public static ByteString Combine(ByteString first, ByteString second) => first.Concat(second);
}
