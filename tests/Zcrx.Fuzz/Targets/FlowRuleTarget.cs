using System.Runtime.InteropServices;
using Zcrx.Interop;
using Zcrx.Interop.Abi;
using Zcrx.Interop.Nic.Netlink;

namespace Zcrx.Fuzz.Targets;

/// <summary>
/// Reads flow rules in the kernel's format. A rule that the library supports must be the same after it was written and read again.
/// </summary>
internal sealed unsafe class FlowRuleTarget : IFuzzTarget
{
    public string Name => "flow-rules";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        Bytes(RuleSpec.Write(new FlowRule(1, 9000, null, System.Net.IPAddress.Loopback, null))),
        Bytes(RuleSpec.Write(new FlowRule(2, null, 80, null, System.Net.IPAddress.IPv6Loopback))),
        Bytes(RuleSpec.Write(new FlowRule(3, 1, 2, null, null) { Family = System.Net.Sockets.AddressFamily.InterNetwork })),
    ];

    public long AllocationLimit => 64 << 10;

    public void Run(byte[] input)
    {
        byte[] bytes = new byte[sizeof(ethtool_rx_flow_spec)];
        input.AsSpan(0, int.Min(input.Length, bytes.Length)).CopyTo(bytes);
        FlowRule? rule = RuleSpec.Read(MemoryMarshal.Read<ethtool_rx_flow_spec>(bytes));
        if (rule is not null)
        {
            FuzzException.Require(rule.Queue >= 0 && rule.LocalPort is null or >= 0, "a rule has a queue and a port");
            FuzzException.Require(rule.ToString().Length > 0, "a rule can be printed");
            FlowRule? again = RuleSpec.Read(RuleSpec.Write(rule));
            FuzzException.Require(rule.Equals(again), $"{rule} is the same after it was written ({again})");
        }
    }

    private static byte[] Bytes(ethtool_rx_flow_spec spec) => MemoryMarshal.AsBytes(new ReadOnlySpan<ethtool_rx_flow_spec>(in spec)).ToArray();
}
