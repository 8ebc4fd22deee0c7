using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Nic;

/// <summary>Represents the NIC that the environment variables name. It may be any NIC with zero-copy receive.</summary>
/// <remarks>
/// <c>ZCRX_TEST_INTERFACE</c>, <c>ZCRX_TEST_QUEUE</c>: the interface and the RX queue that the tests use.
/// <c>ZCRX_TEST_OTHER_QUEUE</c>: another RX queue, for tests with two.
/// <c>ZCRX_TEST_SENDER_NETNS</c>: a network namespace that reaches the interface without loopback.
/// <c>ZCRX_TEST_NIC_CONTROL</c>: a program that controls the device, for example removes it. Its commands are listed in
/// docs/nic-testing.md.
/// </remarks>
internal sealed class ConfiguredNic : NicUnderTest
{
    private readonly string _senderNamespace;
    private readonly string _control;

    private ConfiguredNic(KernelUnderTest kernel, string interfaceName, uint queue, string senderNamespace, string control)
        : base(kernel, queue)
    {
        Interface = interfaceName;
        _senderNamespace = senderNamespace;
        _control = control;
        Address = NetworkInterface.GetAllNetworkInterfaces()
            .Single(candidate => candidate.Name == interfaceName)
            .GetIPProperties().UnicastAddresses
            .First(address => address.Address.AddressFamily == AddressFamily.InterNetwork).Address;
    }

    public override string Interface { get; }

    public override uint OtherQueue => uint.Parse(Required("ZCRX_TEST_OTHER_QUEUE"), CultureInfo.InvariantCulture);

    public override INicFacts Facts { get; } = new NetlinkNicFacts();

    public override IFlowSteering Steering { get; } = new NetlinkFlowSteering();

    public override uint Index => uint.Parse(File.ReadAllText($"/sys/class/net/{Interface}/ifindex").AsSpan().Trim(), CultureInfo.InvariantCulture);

    public override IPAddress Address { get; }

    public static ConfiguredNic Open(params ReadOnlySpan<ZcrxFeature> alsoNeeded)
    {
        string interfaceName = Required("ZCRX_TEST_INTERFACE");
        uint queue = uint.Parse(Required("ZCRX_TEST_QUEUE"), CultureInfo.InvariantCulture);
        KernelUnderTest kernel = KernelUnderTest.Open(KernelUnderTest.Linux, [ZcrxFeature.NicQueue, ZcrxFeature.Flush, .. alsoNeeded]);
        return new ConfiguredNic(kernel, interfaceName, queue, Required("ZCRX_TEST_SENDER_NETNS"), Required("ZCRX_TEST_NIC_CONTROL"));
    }

    public override int Connect(ushort port)
    {
        int client = -1;
        NetworkNamespace.Run(_senderNamespace, () => client = Posix.Connect(port, Address));
        return client;
    }

    protected override (int Status, string Output) Execute(IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new(_control, arguments) { UseShellExecute = false, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    private static string Required(string name)
    {
        string? value = Environment.GetEnvironmentVariable(name);
        Skip.If(string.IsNullOrEmpty(value), $"no suitable NIC is configured: {name} is not set");
        return value!;
    }
}
