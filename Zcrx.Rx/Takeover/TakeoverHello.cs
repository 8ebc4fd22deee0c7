namespace Zcrx.Rx.Takeover;

/// <summary>The payload of <see cref="TakeoverMessageType.Hello"/>.</summary>
/// <param name="Wishes">What the successor can use besides listeners; bits that are not known are not granted.</param>
internal sealed record TakeoverHello(uint Wishes)
{
    /// <summary>It can go on with queues.</summary>
    public const uint Queues = 1;

    public bool WantsQueues => (Wishes & Queues) != 0;

    public byte[] Encode() => TakeoverPayload.Write(writer => writer.Write(Wishes));

    /// <exception cref="InvalidDataException">It is corrupt.</exception>
    public static TakeoverHello Decode(byte[] payload) => TakeoverPayload.Read(payload, static reader => new TakeoverHello(reader.ReadUInt32()));
}
