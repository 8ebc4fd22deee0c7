namespace Zcrx.Interop.Nic.Netlink;

/// <summary>
/// Contains the settings of header/data split in a reply to a query of the rings. A property is null if the driver does not report it.
/// </summary>
internal sealed record RingsReply
{
    public bool? Split { get; init; }

    public int? Threshold { get; init; }
}
