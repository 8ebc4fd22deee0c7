using Zcrx.Interop.Processes;

namespace Zcrx.Rx.Takeover;

/// <summary>A message that has come, with its descriptors: they are closed with it, except those that somebody has taken.</summary>
internal sealed class TakeoverMessage(TakeoverMessageType type, byte[] payload, List<int> descriptors) : IDisposable
{
    private const int Taken = -1;

    public TakeoverMessageType Type => type;

    public byte[] Payload => payload;

    public int Descriptors => descriptors.Count;

    /// <summary>The descriptor, owned by the caller from now on.</summary>
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
