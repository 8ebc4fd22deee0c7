using Akka;
using Akka.IO;
using Akka.Streams.Dsl;

namespace Zcrx.Benchmarks.Receivers;

/// <summary>Creates the flows that handle connections. <c>Tcp()</c> and Zcrx use the same ones.</summary>
internal static class StreamHandlers
{
    private const int MaxFrameLength = 64 * 1024;

    /// <summary>Creates a flow that counts byte strings and sends nothing.</summary>
    /// <param name="meter">The meter that counts the bytes of the connection.</param>
    /// <param name="isFramed">True to cut the bytes into frames first.</param>
    public static Flow<ByteString, ByteString, NotUsed> Count(ConnectionMeter meter, bool isFramed)
    {
        Flow<ByteString, ByteString, NotUsed> elements = isFramed
            // A frame of Akka.Streams includes its prefix.
            ? Framing.LengthField(Traffic.Payload.PrefixLength, MaxFrameLength, 0, ByteOrder.BigEndian)
            : Flow.Create<ByteString>();
        return Flow.FromSinkAndSource(elements.To(Sink.ForEach<ByteString>(meter.Count)), Source.Maybe<ByteString>(), Keep.None);
    }
}
