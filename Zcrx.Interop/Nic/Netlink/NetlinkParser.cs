namespace Zcrx.Interop.Nic.Netlink;

/// <summary>Reads one message of an answer. False when it is malformed; a result of null when it is well-formed and of no interest.</summary>
internal delegate bool NetlinkParser<T>(NetlinkMessage message, out T? result)
    where T : class;
