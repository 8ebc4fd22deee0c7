namespace Zcrx.Interop;

/// <summary>Configures an emulated network interface.</summary>
public sealed record EmulatedNicOptions
{
    /// <summary>Gets the interface's name, which must differ from the names of real interfaces.</summary>
    public string Name { get; init; } = "enic0";

    /// <summary>Gets the number of RX queues, 1 to 1024.</summary>
    public int RxQueues { get; init; } = 4;

    /// <summary>
    /// Gets a value indicating whether headers and payload arrive in separate buffers, which zero copy needs (<c>tcp-data-split</c>).
    /// </summary>
    public bool HeaderDataSplit { get; init; } = true;

    /// <summary>Gets the size in bytes up to which packets are not split (<c>hds-thresh</c>). Zero copy needs 0.</summary>
    public int HdsThreshold { get; init; }

    /// <summary>Gets the largest buffer length that the interface supports, in bytes; 0 for the length of a page.</summary>
    public int MaxBufferLength { get; init; }

    /// <summary>Gets the largest payload of one packet in bytes; 0 for an equal share of a buffer.</summary>
    public int PacketLength { get; init; }

    /// <summary>
    /// Gets the number of packets that the interface puts into one buffer, 1 to 64. Each packet causes a completion. The buffer is free
    /// when all of its packets were returned.
    /// </summary>
    public int PacketsPerBuffer { get; init; } = 1;

    /// <summary>Gets the delay until TCP retransmits packets that the interface dropped for lack of buffers.</summary>
    /// <remarks>The default is Linux's shortest retransmission timeout.</remarks>
    public TimeSpan RetransmitDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Describes the first invalid option as a sentence; null when all are valid.</summary>
    internal string? FindProblem() => this switch
    {
        { Name: null or "" or { Length: > 15 } } => "An interface's name has 1 to 15 characters.",
        { RxQueues: < 1 or > 1024 } => $"{nameof(RxQueues)} is between 1 and 1024.",
        { PacketsPerBuffer: < 1 or > 64 } => $"{nameof(PacketsPerBuffer)} is between 1 and 64.",
        { HdsThreshold: < 0 } or { PacketLength: < 0 } or { MaxBufferLength: < 0 } => $"{nameof(HdsThreshold)}, {nameof(PacketLength)} and {nameof(MaxBufferLength)} are not negative.",
        _ when RetransmitDelay < TimeSpan.Zero || RetransmitDelay > TimeSpan.FromMinutes(2) => $"{nameof(RetransmitDelay)} is between 0 and 2 minutes.",
        _ => null,
    };
}
