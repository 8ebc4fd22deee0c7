using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Masks the addresses of peers if this is configured: the end of an address and the port are replaced.</summary>
internal sealed partial class AddressMask(bool isOn)
{
    public bool IsOn => isOn;

    /// <summary>Returns the address of a peer as text; empty if the address is unknown.</summary>
    public string Of(IPEndPoint? peer) => peer is null ? "" : isOn ? Masked(peer.Address) : peer.ToString();

    /// <summary>Returns a text, such as an exception message, with masked addresses.</summary>
    public string Text(string text) => isOn ? Addresses().Replace(text, static match => Masked(match)) : text;

    private static string Masked(Match match)
    {
        string address = match.Groups["inner"] is { Success: true } inner ? inner.Value : match.Groups["bare"].Value;
        string rest = "";
        // Cuts parts from the end until the rest is an address. The match may end with a colon of the sentence, or with the port of an
        // IPv6 address without brackets.
        for (; address.Count(':') != 1; address = address[..address.LastIndexOf(':')])
        {
            if (IPAddress.TryParse(address, out IPAddress? parsed))
            {
                return Masked(parsed) + rest;
            }

            if (!address.Contains(':', StringComparison.Ordinal))
            {
                break;
            }

            rest = address[^1] == ':' ? ":" : "";
        }

        return match.Value;
    }

    private static string Masked(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        byte[] bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetwork
            ? $"{bytes[0]}.{bytes[1]}.*.*"
            : $"{(bytes[0] << 8) | bytes[1]:x}:{(bytes[2] << 8) | bytes[3]:x}:*";
    }

    // Matches [v6]:port, v6 that ends in v4, v6 with an optional scope, v4:port and v4. Punctuation may follow. A match that does not
    // parse as an address, such as a time of day, is left unchanged.
    [GeneratedRegex(
        @"\[(?<inner>[0-9A-Fa-f:.]{2,45})(?:%\w+)?\](?::\d{1,5})?|" +
        @"(?<![\w:.])(?<bare>[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){1,6}:\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?(?!\w)|" +
        @"(?<![\w:.])(?<bare>[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8})(?:%\w+)?(?!\w)|" +
        @"(?<![\w.])(?<bare>\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?(?![\w])",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Addresses();
}
