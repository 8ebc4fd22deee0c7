using Akka;
using Akka.IO;
using Akka.Streams.Dsl;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Creates the flows that handle connections, the same for <c>Tcp()</c> and Zcrx.</summary>
internal static class StreamHandlers
{
    private const int MaxFrameLength = 64 * 1024;

    /// <summary>Counts byte strings, and sends nothing.</summary>
    /// <param name="meter">The meter of the connection.</param>
    /// <param name="isFramed">Whether the bytes are cut into frames first.</param>
    public static Flow<ByteString, ByteString, NotUsed> Count(ConnectionMeter meter, bool isFramed)
    {
        Flow<ByteString, ByteString, NotUsed> elements = isFramed
            // The frames include their prefix.
            ? Framing.LengthField(Traffic.Payload.PrefixLength, MaxFrameLength, 0, ByteOrder.BigEndian)
            : Flow.Create<ByteString>();
        return Flow.FromSinkAndSource(elements.To(Sink.ForEach<ByteString>(meter.Count)), Source.Maybe<ByteString>(), Keep.None);
    }
}
