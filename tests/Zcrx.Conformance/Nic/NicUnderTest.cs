using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zcrx.Conformance.Support;
using Zcrx.Interop;

namespace Zcrx.Conformance.Nic;

/// <summary>The NIC that the cases of this folder run on: on the machine's kernel the one that the environment names, on the emulated one an emulated one.</summary>
internal abstract class NicUnderTest(KernelUnderTest kernel, uint queue)
{
    private const int CannotDoThat = 77;

    private readonly Dictionary<ushort, int> _rules = [];

    public KernelUnderTest Kernel => kernel;

    /// <summary>The RX queue that the cases take.</summary>
    public uint Queue => queue;

    /// <summary>Gets another RX queue that a case may take as well. Skips the case when none is available.</summary>
    public abstract uint OtherQueue { get; }

    public abstract string Interface { get; }

    public abstract uint Index { get; }

    /// <summary>Gets the facts of the interface.</summary>
    public abstract INicFacts Facts { get; }

    /// <summary>Changes where packets arrive.</summary>
    public abstract IFlowSteering Steering { get; }

    /// <summary>Gets the address of the receiving end.</summary>
    public abstract IPAddress Address { get; }

    /// <summary>The NIC of a kernel, or a skipped case with the reason why there is none, or why this kernel cannot.</summary>
    /// <param name="name">One of <see cref="KernelUnderTest.Names"/>.</param>
    /// <param name="alsoNeeded">Features without which the case makes no sense.</param>
    public static NicUnderTest Open(string name, params ReadOnlySpan<ZcrxFeature> alsoNeeded) =>
        name == KernelUnderTest.Linux ? ConfiguredNic.Open(alsoNeeded) : EmulatedNicUnderTest.Open(name, alsoNeeded);

    /// <summary>Makes a socket on the sender's side.</summary>
    public abstract int Connect(ushort port);

    /// <summary>Makes the NIC do something, or skips the case when it cannot (docs/nic-testing.md has the verbs).</summary>
    /// <returns>What it answers.</returns>
    public string Control(params IReadOnlyList<string> arguments)
    {
        (int status, string output) = Run(arguments);
        Assert.True(status == 0, $"{string.Join(' ', arguments)} ends with {status}: {output}");
        if (arguments is ["remove"])
        {
            // With the device go its rules, and another one may get their numbers.
            _rules.Clear();
        }

        return output;
    }

    /// <summary>Asks for something that the NIC or the kernel is to refuse.</summary>
    public void AssertRefuses(params IReadOnlyList<string> arguments) => Assert.NotEqual(0, Run(arguments).Status);

    /// <summary>Connections to this port arrive on a queue from now on.</summary>
    public void Steer(ushort port, uint queue)
    {
        // The new rule first, the old one after: the flow is never without. Where the old one would win, it is taken away all the same.
        int rule = Steering.AddRule(Interface, new FlowRule((int)queue, LocalPort: port) { Family = AddressFamily.InterNetwork });
        Unsteer(port);
        _rules[port] = rule;
    }

    /// <summary>Waits until an RX queue uses the kernel's own memory again.</summary>
    /// <remarks>Rings are torn down in the background. Until then, packets land in memory that no process reads.</remarks>
    public void AwaitRelease(uint queue) => Deadline.Until(
        () => Facts.Read(Interface).Queues.Single(facts => facts.Index == (int)queue).Provider != RxMemoryProvider.IoUring, $"RX queue {queue} is given up");

    /// <summary>Connections to this port arrive where the NIC likes.</summary>
    public void Unsteer(ushort port)
    {
        if (_rules.Remove(port, out int rule))
        {
            Steering.RemoveRule(Interface, rule);
        }
    }

    /// <summary>
    /// Returns the fragments that the NIC has written to the memory of the queue's owner, or null when it does not count them.
    /// </summary>
    public long? ZeroCopyFragments()
    {
        (int status, string output) = Execute(["fragments", Queue.ToString(CultureInfo.InvariantCulture)]);
        return status == 0 ? long.Parse(output, CultureInfo.InvariantCulture) : null;
    }

    /// <returns>0 when it is done, 77 when this NIC cannot do that.</returns>
    protected abstract (int Status, string Output) Execute(IReadOnlyList<string> arguments);

    private (int Status, string Output) Run(IReadOnlyList<string> arguments)
    {
        (int status, string output) = Execute(arguments);
        Skip.If(status == CannotDoThat, $"this NIC has no way to '{arguments[0]}'");
        return (status, output);
    }
}
