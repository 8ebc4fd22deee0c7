namespace Zcrx.Interop.Nic.Netlink;

/// <summary>
/// Parses one message of an answer. Returns false when the message is malformed. The result is null for a valid message that the caller
/// does not need.
/// </summary>
internal delegate bool NetlinkParser<T>(NetlinkMessage message, out T? result)
    where T : class;
