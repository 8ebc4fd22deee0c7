using System.Net;
using System.Net.Sockets;

namespace Zcrx.Interop.Nic.Journal;

/// <summary>Represents a flow rule in a journal.</summary>
internal sealed record JournalRule(int Queue, int? LocalPort, int? RemotePort, string? LocalAddress, string? RemoteAddress, bool? IsIPv6)
{
    public static JournalRule Of(FlowRule rule) => new(
        rule.Queue,
        rule.LocalPort,
        rule.RemotePort,
        rule.LocalAddress?.ToString(),
        rule.RemoteAddress?.ToString(),
        rule.Family is { } family ? family == AddressFamily.InterNetworkV6 : null);

    public FlowRule ToRule() => new(Queue, LocalPort, RemotePort, Parse(LocalAddress), Parse(RemoteAddress))
    {
        Family = IsIPv6 switch { true => AddressFamily.InterNetworkV6, false => AddressFamily.InterNetwork, null => null },
    };

    /// <summary>Returns why the rule is invalid; null when it is valid.</summary>
    public string? WhyInvalid() =>
        Queue < 0 ? $"a flow rule goes to queue {Queue}"
        : !IsPort(LocalPort) || !IsPort(RemotePort) ? "a flow rule has an invalid port"
        : !IsAddress(LocalAddress) || !IsAddress(RemoteAddress) ? "a flow rule has an invalid address"
        : null;

    private static bool IsPort(int? port) => port is null or (>= 0 and <= ushort.MaxValue);

    private static bool IsAddress(string? text) => text is null || IPAddress.TryParse(text, out _);

    private static IPAddress? Parse(string? text) => text is null ? null : IPAddress.Parse(text);
}
