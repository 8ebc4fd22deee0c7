namespace Zcrx.Interop.Emulation;

/// <summary>How packets lie in a buffer.</summary>
internal readonly struct PacketLayout
{
    public PacketLayout(EmulatedNic nic, int bufferLength)
    {
        PerBuffer = nic.PacketsPerBuffer;
        Stride = bufferLength / PerBuffer;
        Length = nic.Options.PacketLength == 0 ? Stride : int.Min(nic.Options.PacketLength, Stride);
    }

    /// <summary>Packets in a buffer.</summary>
    public int PerBuffer { get; }

    /// <summary>Bytes from one packet to the next.</summary>
    public int Stride { get; }

    /// <summary>Payload of one packet at most.</summary>
    public int Length { get; }
}
