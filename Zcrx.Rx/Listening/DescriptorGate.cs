using Zcrx.Interop.Processes;
using Zcrx.Rx.Limits;
using Zcrx.Rx.Ring;

namespace Zcrx.Rx.Listening;

/// <summary>Decides whether a queue may accept, so that file descriptors stay free for the rest of the process. Ring thread only.</summary>
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

    /// <summary>Gets the current numbers of descriptors as a clause, for reports.</summary>
    public string Reason => $"{_use.Used} of {_use.Limit} file descriptors are used, and {Reserve} are kept free";

    /// <summary>Gets the number of free descriptors: the last count minus the connections that all queues have accepted since.</summary>
    private int Free => (int)long.Max(0, _use.Free - (_accepted.Count - _acceptedAtRead));

    private int Reserve => DescriptorMachine.ReserveOf(context.Options.Value.DescriptorReserve, _use.Limit);

    /// <summary>Determines whether enough descriptors are free to accept a connection, and whether the answer has changed.</summary>
    public (bool May, bool HasChanged) Check()
    {
        long now = context.Clock.TurnStart;
        if (!_wasRead || IsReadDue(now))
        {
            // The counter is read before the descriptors. A connection that is accepted in between may count twice, but is never missed.
            _acceptedAtRead = _accepted.Count;
            _use = read();
            (_readAt, _wasRead) = (now, true);
        }

        bool hasChanged = _machine.Look(Free, Reserve);
        return (!_machine.IsHolding, hasChanged);
    }

    /// <summary>
    /// Determines whether enough descriptors are free for a burst of connections. The kernel may accept such a burst before the ring
    /// thread can stop it.
    /// </summary>
    public bool Fits(int burst) => Reserve == 0 || Free - Reserve >= burst;

    /// <summary>Records that a connection was accepted.</summary>
    public void OnAccepted() => _accepted.Add();

    // The number of used descriptors is read once per interval. When few are free and reading is cheap, it is read at each check.
    private bool IsReadDue(long now)
    {
        bool isLow = Free < 2 * Reserve + 1;
        return (isLow && _use.IsCheap) || now - _readAt >= context.Clock.ToTicks(isLow ? ShortInterval : Interval);
    }
}
