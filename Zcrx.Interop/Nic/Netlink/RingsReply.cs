namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Header/data split; null for what the driver does not say.</summary>
internal sealed record RingsReply
{
    public bool? Split { get; init; }

    public int? Threshold { get; init; }
}
