namespace Zcrx.Interop.Emulation;

/// <summary>How packets lie in a buffer.</summary>
internal readonly struct PacketLayout
{
    public PacketLayout(EmulatedNicOptions options, int bufferLength)
    {
        PerBuffer = options.PacketsPerBuffer;
        Stride = bufferLength / PerBuffer;
        Length = options.PacketLength == 0 ? Stride : int.Min(options.PacketLength, Stride);
    }

    /// <summary>Packets in a buffer.</summary>
    public int PerBuffer { get; }

    /// <summary>Bytes from one packet to the next.</summary>
    public int Stride { get; }

    /// <summary>Payload of one packet at most.</summary>
    public int Length { get; }
}
