using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Nic;

/// <summary>The NIC that the cases of this folder run on, as the environment names it: any that can do zero-copy receive.</summary>
/// <remarks>
/// <c>ZCRX_TEST_INTERFACE</c>, <c>ZCRX_TEST_QUEUE</c>: the interface and the RX queue that the cases take.
/// <c>ZCRX_TEST_SENDER_NETNS</c>: a network namespace with a way to that interface that does not lead over loopback.
/// <c>ZCRX_TEST_NIC_CONTROL</c>: a program that the cases ask to steer and to set (docs/nic-testing.md has its verbs).
/// </remarks>
internal sealed class NicUnderTest
{
    private const int CannotDoThat = 77;
    private readonly string _control;

    private NicUnderTest(KernelUnderTest kernel, string interfaceName, uint queue, string senderNamespace, string control)
    {
        Kernel = kernel;
        Interface = interfaceName;
        Queue = queue;
        SenderNamespace = senderNamespace;
        _control = control;
        Address = NetworkInterface.GetAllNetworkInterfaces()
            .Single(candidate => candidate.Name == interfaceName)
            .GetIPProperties().UnicastAddresses
            .First(address => address.Address.AddressFamily == AddressFamily.InterNetwork).Address;
    }

    public KernelUnderTest Kernel { get; }

    public string Interface { get; }

    public uint Queue { get; }

    public string SenderNamespace { get; }

    /// <summary>Where the receiving end listens.</summary>
    public IPAddress Address { get; }

    public uint Index => uint.Parse(File.ReadAllText($"/sys/class/net/{Interface}/ifindex").AsSpan().Trim(), CultureInfo.InvariantCulture);

    /// <summary>The NIC of the environment, or a skipped case with the reason why there is none, or why this kernel cannot.</summary>
    public static NicUnderTest Open(params ReadOnlySpan<ZcrxFeature> alsoNeeded)
    {
        string interfaceName = Required("ZCRX_TEST_INTERFACE");
        uint queue = uint.Parse(Required("ZCRX_TEST_QUEUE"), CultureInfo.InvariantCulture);
        KernelUnderTest kernel = KernelUnderTest.Open(KernelUnderTest.Linux, [ZcrxFeature.NicQueue, ZcrxFeature.Flush, .. alsoNeeded]);
        return new NicUnderTest(kernel, interfaceName, queue, Required("ZCRX_TEST_SENDER_NETNS"), Required("ZCRX_TEST_NIC_CONTROL"));
    }

    /// <summary>Makes the NIC do something, or skips the case when it cannot.</summary>
    /// <returns>What the control program printed.</returns>
    public string Control(params IReadOnlyList<string> arguments)
    {
        (int status, string output) = Run(arguments);
        Assert.True(status == 0, $"{_control} {string.Join(' ', arguments)} ends with {status}: {output}");
        return output;
    }

    /// <summary>Asks for something that the NIC or the kernel is to refuse.</summary>
    public void AssertRefuses(params IReadOnlyList<string> arguments) => Assert.NotEqual(0, Run(arguments).Status);

    /// <summary>Connections to this port arrive on a queue from now on.</summary>
    public void Steer(ushort port, uint queue) =>
        Control("steer", port.ToString(CultureInfo.InvariantCulture), queue.ToString(CultureInfo.InvariantCulture));

    /// <summary>Connections to this port arrive where the NIC likes; for clean-up, when the device may be gone.</summary>
    public void Unsteer(ushort port) => Run(["unsteer", port.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>Fragments that the NIC has written to the memory of whoever owns the queue, or null when it does not count them.</summary>
    public long? ZeroCopyFragments()
    {
        (int status, string output) = Execute(["fragments", Queue.ToString(CultureInfo.InvariantCulture)]);
        return status == 0 ? long.Parse(output, CultureInfo.InvariantCulture) : null;
    }

    private static string Required(string name)
    {
        string? value = Environment.GetEnvironmentVariable(name);
        Skip.If(string.IsNullOrEmpty(value), $"no NIC to test on: {name} is not set");
        return value!;
    }

    private (int Status, string Output) Run(IReadOnlyList<string> arguments)
    {
        (int status, string output) = Execute(arguments);
        Skip.If(status == CannotDoThat, $"this NIC has no way to '{arguments[0]}'");
        return (status, output);
    }

    private (int Status, string Output) Execute(IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new(_control, arguments) { UseShellExecute = false, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
