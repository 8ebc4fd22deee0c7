namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Represents header/data split; null for values that the driver does not report.</summary>
internal sealed record RingsReply
{
    public bool? Split { get; init; }

    public int? Threshold { get; init; }
}
