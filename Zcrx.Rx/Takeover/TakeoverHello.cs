namespace Zcrx.Rx.Takeover;

/// <summary>Represents the payload of <see cref="TakeoverMessageType.Hello"/>.</summary>
/// <param name="Wishes">The features that the successor supports besides listeners. Unknown bits are ignored.</param>
internal sealed record TakeoverHello(uint Wishes)
{
    /// <summary>The successor can take queues over.</summary>
    public const uint Queues = 1;

    public bool WantsQueues => (Wishes & Queues) != 0;

    public byte[] Encode() => TakeoverPayload.Write(writer => writer.Write(Wishes));

    /// <exception cref="InvalidDataException">The payload is corrupt.</exception>
    public static TakeoverHello Decode(byte[] payload) => TakeoverPayload.Read(payload, static reader => new TakeoverHello(reader.ReadUInt32()));
}
