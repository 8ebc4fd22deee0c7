using Zcrx.Interop.Processes;
using Zcrx.Rx.Limits;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Listening;

/// <summary>Keeps file descriptors free for the rest of the process: decides when a queue accepts. Ring thread only.</summary>
/// <param name="read">Reads the use of descriptors.</param>
/// <param name="context">The options and the clock.</param>
internal sealed class DescriptorGate(Func<DescriptorUse> read, QueueContext context)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortInterval = TimeSpan.FromMilliseconds(100);

    private readonly DescriptorMachine _machine = new();
    private readonly AcceptedTally _accepted = AcceptedTally.Of(read);
    private DescriptorUse _use;
    private long _acceptedAtRead;
    private long _readAt;
    private bool _wasRead;

    /// <summary>Gets a value indicating whether accepting has stopped.</summary>
    public bool IsHolding => _machine.IsHolding;

    /// <summary>Gets the numbers, as a clause.</summary>
    public string Reason => $"{_use.Used} of {_use.Limit} file descriptors are used, and {Reserve} are kept free";

    /// <summary>Gets the number of free descriptors: those of the last count without those that any queue has used since.</summary>
    private int Free => (int)long.Max(0, _use.Free - (_accepted.Count - _acceptedAtRead));

    private int Reserve => DescriptorMachine.ReserveOf(context.Options.Value.DescriptorReserve, _use.Limit);

    /// <summary>Determines whether the process has room for another connection, and whether that has changed.</summary>
    public (bool May, bool HasChanged) Check()
    {
        long now = context.Clock.TurnStart;
        if (!_wasRead || IsReadDue(now))
        {
            // Read first: connections accepted during the read may then count twice, but are never missed.
            _acceptedAtRead = _accepted.Count;
            _use = read();
            (_readAt, _wasRead) = (now, true);
        }

        bool hasChanged = _machine.Look(Free, Reserve);
        return (!_machine.IsHolding, hasChanged);
    }

    /// <summary>Returns whether a burst of connections fits that the kernel accepts before the ring thread can stop it.</summary>
    public bool Fits(int burst) => Reserve == 0 || Free - Reserve >= burst;

    /// <summary>Records that a connection was accepted.</summary>
    public void OnAccepted() => _accepted.Add();

    // Descriptors are read once per interval, and for each connection when few are left, if that is cheap.
    private bool IsReadDue(long now)
    {
        bool isLow = Free < 2 * Reserve + 1;
        return (isLow && _use.IsCheap) || now - _readAt >= context.Clock.ToTicks(isLow ? ShortInterval : Interval);
    }
}
