namespace Zcrx.Interop.Nic.Netlink;

/// <summary>
/// Represents the settings of header/data split that an interface reports. A property is null if the driver does not report it.
/// </summary>
internal sealed record RingsReply
{
    public bool? Split { get; init; }

    public int? Threshold { get; init; }
}
