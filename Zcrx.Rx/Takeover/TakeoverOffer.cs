namespace Zcrx.Rx.Takeover;

/// <summary>
/// Represents the payload of <see cref="TakeoverMessageType.Offer"/>. It contains the names of the listeners. If the successor supports
/// queues, it also contains their manifests.
/// </summary>
/// <remarks>
/// The first descriptor is the socket that successors connect to. The listening sockets follow in the order of their names, then the
/// descriptors of each queue.
/// </remarks>
internal sealed record TakeoverOffer(IReadOnlyList<string> Listeners, IReadOnlyList<QueueManifest> Queues)
{
    /// <summary>Gets the number of descriptors that are sent with the offer.</summary>
    public int Descriptors => 1 + Listeners.Count + Queues.Sum(static queue => queue.Descriptors);

    private static int MaxListeners => Interop.Processes.DescriptorPassing.MaxDescriptors - 1;

    public byte[] Encode() => TakeoverPayload.Write(writer =>
    {
        writer.Write((ushort)Listeners.Count);
        foreach (string name in Listeners)
        {
            writer.Write(name);
        }

        if (Queues.Count == 0)
        {
            // An offer without queues has the format of earlier versions, which offer only listeners. Such a version therefore understands
            // it.
            return;
        }

        writer.Write((ushort)Queues.Count);
        foreach (QueueManifest queue in Queues)
        {
            queue.Write(writer);
        }
    });

    /// <exception cref="InvalidDataException">The payload is corrupt.</exception>
    public static TakeoverOffer Decode(byte[] payload) => TakeoverPayload.Read(payload, static reader =>
    {
        string[] listeners = new string[TakeoverPayload.ReadCount(reader, MaxListeners)];
        for (int i = 0; i < listeners.Length; i++)
        {
            listeners[i] = TakeoverPayload.ReadText(reader);
        }

        if (reader.BaseStream.Position == reader.BaseStream.Length)
        {
            return new TakeoverOffer(listeners, []);
        }

        QueueManifest[] queues = new QueueManifest[TakeoverPayload.ReadCount(reader, MaxListeners)];
        for (int i = 0; i < queues.Length; i++)
        {
            queues[i] = QueueManifest.Read(reader);
        }

        return new TakeoverOffer(listeners, queues);
    });
}
