namespace Zcrx.Rx.Takeover;

/// <summary>The payload of <see cref="TakeoverMessageType.Offer"/>: the names of the listeners.</summary>
/// <remarks>Descriptors: the socket that successors connect to, then the listening sockets in this order.</remarks>
internal sealed record TakeoverOffer(IReadOnlyList<string> Listeners)
{
    /// <summary>Descriptors that must come with it.</summary>
    public int Descriptors => 1 + Listeners.Count;

    private static int MaxListeners => Interop.Processes.DescriptorPassing.MaxDescriptors - 1;

    public byte[] Encode() => TakeoverPayload.Write(writer =>
    {
        writer.Write((ushort)Listeners.Count);
        foreach (string name in Listeners)
        {
            writer.Write(name);
        }
    });

    /// <exception cref="InvalidDataException">It is corrupt.</exception>
    public static TakeoverOffer Decode(byte[] payload) => TakeoverPayload.Read(payload, static reader =>
    {
        string[] listeners = new string[TakeoverPayload.ReadCount(reader, MaxListeners)];
        for (int i = 0; i < listeners.Length; i++)
        {
            listeners[i] = TakeoverPayload.ReadText(reader);
        }

        return new TakeoverOffer(listeners);
    });
}
