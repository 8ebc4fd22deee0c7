namespace Zcrx.Interop.Emulation;

/// <summary>Describes how several packets share one buffer.</summary>
internal readonly struct PacketLayout
{
    public PacketLayout(EmulatedNic nic, int bufferLength)
    {
        PerBuffer = nic.PacketsPerBuffer;
        Stride = bufferLength / PerBuffer;
        Length = nic.Options.PacketLength == 0 ? Stride : int.Min(nic.Options.PacketLength, Stride);
    }

    /// <summary>Gets the number of packets in a buffer.</summary>
    public int PerBuffer { get; }

    /// <summary>Gets the distance from one packet to the next in bytes.</summary>
    public int Stride { get; }

    /// <summary>Gets the largest payload of one packet.</summary>
    public int Length { get; }
}
