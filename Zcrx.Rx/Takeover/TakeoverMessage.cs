using Zcrx.Interop.Processes;

namespace Zcrx.Rx.Takeover;

/// <summary>Represents a received message. Disposal closes the descriptors that were not taken.</summary>
internal sealed class TakeoverMessage(TakeoverMessageType type, byte[] payload, List<int> descriptors) : IDisposable
{
    private const int Taken = -1;

    public TakeoverMessageType Type => type;

    public byte[] Payload => payload;

    public int Descriptors => descriptors.Count;

    /// <summary>Takes the descriptor at an index. The caller owns it from then on.</summary>
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
