using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Nic;

/// <summary>
/// Represents the NIC of the tests in this folder. On the machine's kernel, the environment names the NIC. On the emulated kernel, the NIC
/// is emulated.
/// </summary>
internal abstract class NicUnderTest(KernelUnderTest kernel, uint queue)
{
    private const int CannotDoThat = 77;

    private readonly Dictionary<ushort, int> _rules = [];

    public KernelUnderTest Kernel => kernel;

    /// <summary>Gets the RX queue that the tests use.</summary>
    public uint Queue => queue;

    /// <summary>Gets a second RX queue that a test may use. Skips the test when none is available.</summary>
    public abstract uint OtherQueue { get; }

    public abstract string Interface { get; }

    public abstract uint Index { get; }

    /// <summary>Gets the object that reads the state of the interface.</summary>
    public abstract INicFacts Facts { get; }

    /// <summary>Gets the object that changes the flow rules and the RSS table of the interface.</summary>
    public abstract IFlowSteering Steering { get; }

    /// <summary>Gets the address at which the interface receives.</summary>
    public abstract IPAddress Address { get; }

    /// <summary>Opens the NIC of a kernel. Skips the test if there is no NIC or the kernel lacks a feature.</summary>
    /// <param name="name">The name of the kernel, one of <see cref="KernelUnderTest.Names"/>.</param>
    /// <param name="alsoNeeded">Features that the test needs in addition.</param>
    public static NicUnderTest Open(string name, params ReadOnlySpan<ZcrxFeature> alsoNeeded) =>
        name == KernelUnderTest.Linux ? ConfiguredNic.Open(alsoNeeded) : EmulatedNicUnderTest.Open(name, alsoNeeded);

    /// <summary>Opens a TCP connection from the sender's side to this port.</summary>
    public abstract int Connect(ushort port);

    /// <summary>
    /// Runs a command that changes the NIC, such as removing it. Skips the test when the NIC does not support the command
    /// (docs/nic-testing.md lists the commands).
    /// </summary>
    /// <returns>The output of the command.</returns>
    public string Control(params IReadOnlyList<string> arguments)
    {
        (int status, string output) = Run(arguments);
        Assert.True(status == 0, $"{string.Join(' ', arguments)} ends with {status}: {output}");
        if (arguments is ["remove"])
        {
            // The rules are gone with the device. New rules may get their ids.
            _rules.Clear();
        }

        return output;
    }

    /// <summary>Asserts that a command that changes the NIC fails.</summary>
    public void AssertRefuses(params IReadOnlyList<string> arguments) => Assert.NotEqual(0, Run(arguments).Status);

    /// <summary>Steers the connections of a port to an RX queue.</summary>
    public void Steer(ushort port, uint queue)
    {
        // Adds the new rule before the old one is removed, so that the port is never without a rule.
        int rule = Steering.AddRule(Interface, new FlowRule((int)queue, LocalPort: port) { Family = AddressFamily.InterNetwork });
        Unsteer(port);
        _rules[port] = rule;
    }

    /// <summary>Waits until an RX queue uses the kernel's own memory again.</summary>
    /// <remarks>
    /// The kernel closes rings in the background. Until it has released the RX queue, packets land in memory that no process reads.
    /// </remarks>
    public void AwaitRelease(uint queue) => Deadline.Until(
        () => Facts.Read(Interface).Queues.Single(facts => facts.Index == (int)queue).Provider != RxMemoryProvider.IoUring, $"the kernel has released RX queue {queue}");

    /// <summary>Removes the flow rule of a port. The NIC then chooses the RX queue by its RSS table.</summary>
    public void Unsteer(ushort port)
    {
        if (_rules.Remove(port, out int rule))
        {
            Steering.RemoveRule(Interface, rule);
        }
    }

    /// <summary>
    /// Returns the number of fragments that the NIC has written directly to the memory of the queue. Returns null when the NIC does not
    /// count them.
    /// </summary>
    public long? ZeroCopyFragments()
    {
        (int status, string output) = Execute(["fragments", Queue.ToString(CultureInfo.InvariantCulture)]);
        return status == 0 ? long.Parse(output, CultureInfo.InvariantCulture) : null;
    }

    /// <returns>The exit code and the output. 0 means success, 77 means that this NIC does not support the command.</returns>
    protected abstract (int Status, string Output) Execute(IReadOnlyList<string> arguments);

    private (int Status, string Output) Run(IReadOnlyList<string> arguments)
    {
        (int status, string output) = Execute(arguments);
        Skip.If(status == CannotDoThat, $"this NIC does not support the command '{arguments[0]}'");
        return (status, output);
    }
}
