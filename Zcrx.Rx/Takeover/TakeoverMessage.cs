using Zcrx.Interop.Processes;

namespace Zcrx.Rx.Takeover;

/// <summary>Represents a received message. Disposal closes its descriptors except those that were taken.</summary>
internal sealed class TakeoverMessage(TakeoverMessageType type, byte[] payload, List<int> descriptors) : IDisposable
{
    private const int Taken = -1;

    public TakeoverMessageType Type => type;

    public byte[] Payload => payload;

    public int Descriptors => descriptors.Count;

    /// <summary>Takes a descriptor, which the caller owns from now on.</summary>
    public int Take(int index)
    {
        int descriptor = descriptors[index];
        descriptors[index] = Taken;
        return descriptor;
    }

    public void Dispose()
    {
        descriptors.RemoveAll(static descriptor => descriptor == Taken);
        DescriptorPassing.CloseAll(descriptors);
    }
}
