using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Zcrx.AspNetCore.Dashboard;

/// <summary>Hides the addresses of peers, if that is configured: the end of an address and its port are replaced.</summary>
internal sealed partial class AddressMask(bool isOn)
{
    public bool IsOn => isOn;

    /// <summary>Returns the address of a peer as text; an empty one if it is not known.</summary>
    public string Of(IPEndPoint? peer) => peer is null ? "" : isOn ? Masked(peer.Address) : peer.ToString();

    /// <summary>Returns a text with the addresses in it masked, such as the message of an exception.</summary>
    public string Text(string text) => isOn ? Addresses().Replace(text, static match => Masked(match)) : text;

    private static string Masked(Match match)
    {
        string address = match.Groups["inner"] is { Success: true } inner ? inner.Value : match.Groups["bare"].Value;
        return IPAddress.TryParse(address, out IPAddress? parsed) ? Masked(parsed) : match.Value;
    }

    private static string Masked(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        byte[] bytes = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetwork
            ? $"{bytes[0]}.{bytes[1]}.*.*"
            : $"{(bytes[0] << 8) | bytes[1]:x}:{(bytes[2] << 8) | bytes[3]:x}:*";
    }

    // [v6]:port, v6 with an optional scope, v4:port, v4. What does not parse as an address, such as a time of day, stays.
    [GeneratedRegex(
        @"\[(?<inner>[0-9A-Fa-f:.]{2,45})(?:%\w+)?\](?::\d{1,5})?|(?<![\w:.])(?<bare>[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f.]{0,15}){2,8})(?:%\w+)?(?![\w:])|(?<![\w.])(?<bare>\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?(?![\w])",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Addresses();
}
