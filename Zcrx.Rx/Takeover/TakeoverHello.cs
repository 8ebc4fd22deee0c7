namespace Zcrx.Rx.Takeover;

/// <summary>Represents the payload of <see cref="TakeoverMessageType.Hello"/>.</summary>
/// <param name="Wishes">Flags for the features that the successor supports in addition to listeners. Unknown flags are ignored.</param>
internal sealed record TakeoverHello(uint Wishes)
{
    /// <summary>The flag of a successor that can take over queues.</summary>
    public const uint Queues = 1;

    public bool WantsQueues => (Wishes & Queues) != 0;

    public byte[] Encode() => TakeoverPayload.Write(writer => writer.Write(Wishes));

    /// <exception cref="InvalidDataException">The payload is corrupt.</exception>
    public static TakeoverHello Decode(byte[] payload) => TakeoverPayload.Read(payload, static reader => new TakeoverHello(reader.ReadUInt32()));
}
