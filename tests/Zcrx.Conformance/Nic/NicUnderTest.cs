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

    /// <summary>Gets the RX queue that the cases use.</summary>
    public uint Queue => queue;

    /// <summary>Gets a second RX queue that a test may use. Skips the test when none is available.</summary>
    public abstract uint OtherQueue { get; }

    public abstract string Interface { get; }

    public abstract uint Index { get; }

    /// <summary>Gets the facts of the interface.</summary>
    public abstract INicFacts Facts { get; }

    /// <summary>Gets the steering of the interface.</summary>
    public abstract IFlowSteering Steering { get; }

    /// <summary>Gets the address of the receiving end.</summary>
    public abstract IPAddress Address { get; }

    /// <summary>Returns the NIC of a kernel. If there is none or the kernel is unsuitable, skips the test with the reason.</summary>
    /// <param name="name">One of <see cref="KernelUnderTest.Names"/>.</param>
    /// <param name="alsoNeeded">Features that the test needs in addition.</param>
    public static NicUnderTest Open(string name, params ReadOnlySpan<ZcrxFeature> alsoNeeded) =>
        name == KernelUnderTest.Linux ? ConfiguredNic.Open(alsoNeeded) : EmulatedNicUnderTest.Open(name, alsoNeeded);

    /// <summary>Opens a socket on the sender's side.</summary>
    public abstract int Connect(ushort port);

    /// <summary>
    /// Controls the NIC. Skips the test when the NIC does not support the command (docs/nic-testing.md lists the commands).
    /// </summary>
    /// <returns>The output of the command.</returns>
    public string Control(params IReadOnlyList<string> arguments)
    {
        (int status, string output) = Run(arguments);
        Assert.True(status == 0, $"{string.Join(' ', arguments)} ends with {status}: {output}");
        if (arguments is ["remove"])
        {
            // The rules disappear with the device. Later rules may get their ids.
            _rules.Clear();
        }

        return output;
    }

    /// <summary>Asserts that the NIC or the kernel refuses a command.</summary>
    public void AssertRefuses(params IReadOnlyList<string> arguments) => Assert.NotEqual(0, Run(arguments).Status);

    /// <summary>Steers the connections of this port to a queue.</summary>
    public void Steer(ushort port, uint queue)
    {
        // Adds the new rule before removing the old one, so that the flow always has a rule. The old rule is removed even if it would take
        // precedence.
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

    /// <summary>Removes the rule of this port, so that the NIC chooses the queue.</summary>
    public void Unsteer(ushort port)
    {
        if (_rules.Remove(port, out int rule))
        {
            Steering.RemoveRule(Interface, rule);
        }
    }

    /// <summary>
    /// Returns the number of fragments that the NIC has written to the memory of the queue's owner; null when the NIC does not count them.
    /// </summary>
    public long? ZeroCopyFragments()
    {
        (int status, string output) = Execute(["fragments", Queue.ToString(CultureInfo.InvariantCulture)]);
        return status == 0 ? long.Parse(output, CultureInfo.InvariantCulture) : null;
    }

    /// <returns>0 on success, 77 when this NIC does not support the command.</returns>
    protected abstract (int Status, string Output) Execute(IReadOnlyList<string> arguments);

    private (int Status, string Output) Run(IReadOnlyList<string> arguments)
    {
        (int status, string output) = Execute(arguments);
        Skip.If(status == CannotDoThat, $"this NIC does not support the command '{arguments[0]}'");
        return (status, output);
    }
}
