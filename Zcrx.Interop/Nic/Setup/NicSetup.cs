using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Nic;
using Zcrx.Interop.Nic.Setup;

namespace Zcrx.Interop;

/// <summary>
/// Sets an interface up for zero copy, as far as its queues and ports are claimed: header/data split on, the claimed RX queues out of RSS, flow rules
/// for the claimed ports; and brings all of it back as claims are given back.
/// </summary>
/// <remarks>
/// One per interface and process. Thread-safe. With a <see cref="NicChangeJournal"/> as steering, changes are undone after a crash, too.
/// </remarks>
/// <param name="interfaceName">The interface.</param>
/// <param name="facts">Reads it.</param>
/// <param name="steering">Changes it.</param>
/// <param name="report">Receives a line for each change; null for none. Must not throw.</param>
/// <param name="leasing">Leases queues to containers; null where none are leased.</param>
public sealed class NicSetup(string interfaceName, INicFacts facts, IFlowSteering steering, Action<string>? report = null, IQueueLeasing? leasing = null)
{
    private static readonly TimeSpan FreePatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FreePoll = TimeSpan.FromMilliseconds(5);

    // Lock order: this one, then the journal's, which steering and leasing go through.
    private readonly Lock _gate = new();
    private readonly Dictionary<int, int> _queues = [];
    private readonly List<PortClaim> _ports = [];
    private IReadOnlyList<int> _original = [];
    private IReadOnlyList<int>? _carved;
    private SplitSetting? _splitBefore;

    /// <summary>Creates the set-up of an interface that changes it through the journal of its kernel's interfaces.</summary>
    /// <param name="nics">The interfaces of the kernel.</param>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="stateDirectory">Where journals on disk are kept, as for <see cref="NicChangeJournal.OfThisProcess"/>.</param>
    /// <param name="report">Receives a line for each change; null for none. Must not throw.</param>
    /// <returns>The set-up. It has changed nothing yet.</returns>
    /// <exception cref="ZcrxException">The directory cannot be written.</exception>
    public static NicSetup For(INicControl nics, string interfaceName, string? stateDirectory = null, Action<string>? report = null)
    {
        ArgumentNullException.ThrowIfNull(nics);
        return new NicSetup(interfaceName, nics.Facts, NicChangeJournal.For(nics, stateDirectory, report), report);
    }

    /// <summary>Takes an RX queue for a zero-copy queue, before that is registered. May be taken several times.</summary>
    /// <param name="queue">Its index.</param>
    /// <returns>Returns the queue when disposed, after the zero-copy queue has been closed. Does not throw: what cannot be restored is reported.</returns>
    /// <exception cref="ZcrxException">It would be taken from another owner, or the interface cannot be set up; nothing has changed.</exception>
    public IDisposable ClaimQueue(int queue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(queue);
        lock (_gate)
        {
            if (!_queues.TryGetValue(queue, out int claims))
            {
                Take(queue);
            }

            _queues[queue] = claims + 1;
        }

        return new Ending(() => Guard(() => GiveBack(queue)));
    }

    /// <summary>
    /// Does the host's part of zero copy inside a container: sets the interface up for an RX queue as <see cref="ClaimQueue"/> does, and leases the queue to the
    /// container's netkit interface.
    /// </summary>
    /// <param name="queue">The RX queue of this interface.</param>
    /// <param name="to">The container's interface.</param>
    /// <returns>
    /// The lease. Disposing it gives the queue back, except that the lease itself stays until the container's interface is deleted. Does not throw: what
    /// cannot be brought back is reported.
    /// </returns>
    /// <exception cref="ZcrxException">The queue would be taken from another owner, or cannot be leased; nothing has changed.</exception>
    public NicQueueLease LeaseQueue(int queue, ContainerInterface to)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(queue);
        ArgumentNullException.ThrowIfNull(to);
        IQueueLeasing through = leasing ?? throw new InvalidOperationException("This set-up was created without an IQueueLeasing.");
        lock (_gate)
        {
            if (!_queues.TryGetValue(queue, out int claims))
            {
                Take(queue, isLease: true);
            }

            _queues[queue] = claims + 1;
        }

        Ending claim = new(() => Guard(() => GiveBack(queue)));
        try
        {
            int leased = through.Lease(interfaceName, queue, to);
            Say(string.Create(CultureInfo.InvariantCulture, $"{interfaceName}: RX queue {queue} is leased to {to}, as RX queue {leased}"));
            return new NicQueueLease(leased, claim);
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    /// <summary>Sends the connections of a port to a claimed queue. When several queues listen on it, to that of the first; the others get theirs as rebalancing goes.</summary>
    /// <param name="endPoint">The end point of the listening socket.</param>
    /// <param name="queue">The queue.</param>
    /// <returns>Removes the rules when disposed. Does not throw: what cannot be restored is reported.</returns>
    /// <exception cref="ZcrxException">The interface has no such rules, or no room for one.</exception>
    public IDisposable ClaimPort(IPEndPoint endPoint, int queue)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        PortClaim claim = new(endPoint.Port, queue, FamiliesOf(endPoint.Address));
        lock (_gate)
        {
            AddRules(claim);
            _ports.Add(claim);
        }

        return new Ending(() => GiveBack(claim));
    }

    private static AddressFamily[] FamiliesOf(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6 ? [AddressFamily.InterNetwork]
        : address.Equals(IPAddress.IPv6Any) ? [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6]
        : [AddressFamily.InterNetworkV6];

    private void Take(int queue, bool isLease = false)
    {
        NicFacts now = facts.Read(interfaceName);
        HashSet<int> claimed = [.. _queues.Keys, queue];
        if (NicSetupPlan.WhyNot(now, claimed, queue, isLease) is { } refusal)
        {
            throw refusal;
        }

        bool isFirst = _queues.Count == 0;
        if (isFirst)
        {
            // Even where it reads as on: a driver may split by its own choice, and zero copy needs it to be configured.
            steering.SetHeaderDataSplit(interfaceName, true, now.HdsThreshold is null ? null : 0);
            _splitBefore = SplitSetting.Of(now);
            Say($"{interfaceName}: {SteeringText.Of(new SplitSetting(true, now.HdsThreshold is null ? null : 0))} (was {SteeringText.Of(_splitBefore)})");
        }

        if (isFirst || !now.RssTable.SequenceEqual(_carved ?? _original))
        {
            // As it was, or as another program has set it since.
            _original = now.RssTable;
        }

        try
        {
            SetTable(now, claimed);
        }
        catch (ZcrxException) when (isFirst)
        {
            Guard(() => steering.SetHeaderDataSplit(interfaceName, _splitBefore!.Split, _splitBefore.Threshold));
            throw;
        }
    }

    private void SetTable(NicFacts now, HashSet<int> claimed)
    {
        IReadOnlyList<int> table = NicSetupPlan.Carve(now, _original, claimed);
        if (!table.SequenceEqual(now.RssTable))
        {
            steering.SetRssTable(interfaceName, table);
            Say($"{interfaceName}: RSS: {SteeringText.Of(table)} (was {SteeringText.Of(now.RssTable)})");
        }

        _carved = table;
    }

    private void GiveBack(int queue)
    {
        lock (_gate)
        {
            if (--_queues[queue] > 0)
            {
                return;
            }

            _queues.Remove(queue);
            NicFacts now = AwaitFree(queue);
            if (LeasedQueues.HeldOf(now, NicSetupPlan.Carve(now, _original, _queues.Keys.ToHashSet())) is { } held)
            {
                // The journal keeps both, for a time when the container has closed its queue.
                Say(string.Create(CultureInfo.InvariantCulture, $"{interfaceName}: RSS table and header/data split stay, because a container still receives on the leased RX queue {held}"));
                return;
            }

            if (_carved is not null && now.RssTable.SequenceEqual(_carved))
            {
                SetTable(now, [.. _queues.Keys]);
            }
            else
            {
                Say($"{interfaceName}: the RSS table was changed by somebody else ({SteeringText.Of(now.RssTable)}), and is left alone");
            }

            if (_queues.Count == 0 && _splitBefore is { } before && before != SplitSetting.Of(now) && SplitSetting.Of(now) is { Split: true, Threshold: null or 0 })
            {
                steering.SetHeaderDataSplit(interfaceName, before.Split, before.Threshold);
                Say($"{interfaceName}: {SteeringText.Of(before)}, as it was");
            }
        }
    }

    /// <summary>
    /// The kernel releases a queue some time after its ring has been closed, and reports that nowhere. Until then other sockets could not read what RSS sent
    /// there, and split cannot be changed.
    /// </summary>
    private NicFacts AwaitFree(int queue)
    {
        using ManualResetEventSlim never = new();
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            NicFacts now = facts.Read(interfaceName);
            // On a leased queue it is a container that receives, for as long as it likes.
            if (now.Queues.FirstOrDefault(other => other.Index == queue) is not { Provider: RxMemoryProvider.IoUring, Lease: null } || Stopwatch.GetElapsedTime(started) > FreePatience)
            {
                return now;
            }

            never.Wait(FreePoll);
        }
    }

    private void AddRules(PortClaim claim)
    {
        bool hasAny = false;
        foreach (AddressFamily family in claim.Families)
        {
            if (_ports.Exists(other => other.Port == claim.Port && other.Rules.ContainsKey(family)))
            {
                // Two rules for the same packets would leave it to the NIC which one counts.
                hasAny = true;
                continue;
            }

            try
            {
                AddRule(claim, family);
                hasAny = true;
            }
            catch (ZcrxUnsupportedException exception) when (hasAny)
            {
                // One family is better than none; connections of the other are copied.
                Say($"{interfaceName}: no rule for {family}: {exception.Message}");
            }
            catch (ZcrxException)
            {
                foreach (AddressFamily added in claim.Rules.Keys)
                {
                    Guard(() => RemoveRule(claim, added));
                }

                throw;
            }
        }
    }

    private void AddRule(PortClaim claim, AddressFamily family)
    {
        FlowRule rule = new(claim.Queue, LocalPort: claim.Port) { Family = family };
        claim.Rules.Add(family, steering.AddRule(interfaceName, rule));
        Say($"{interfaceName}: {SteeringText.Of(rule)}");
    }

    private void GiveBack(PortClaim claim)
    {
        lock (_gate)
        {
            _ports.Remove(claim);
            foreach (AddressFamily family in claim.Rules.Keys.ToArray())
            {
                PortClaim[] others = [.. _ports.Where(other => other.Port == claim.Port && other.Families.Contains(family))];
                if (others.FirstOrDefault(other => other.Queue == claim.Queue) is { } same)
                {
                    // The very rule that it needs.
                    claim.Rules.Remove(family, out int rule);
                    same.Rules.Add(family, rule);
                    continue;
                }

                // First the old one, as an interface may be full of rules or refuse a second one for the same packets. What comes in between is copied.
                Guard(() => RemoveRule(claim, family));
                if (others is [var next, ..])
                {
                    Guard(() => AddRule(next, family));
                }
            }
        }
    }

    private void RemoveRule(PortClaim claim, AddressFamily family)
    {
        if (claim.Rules.Remove(family, out int rule))
        {
            steering.RemoveRule(interfaceName, rule);
            Say(string.Create(CultureInfo.InvariantCulture, $"{interfaceName}: flow rule {rule} removed"));
        }
    }

    /// <summary>Runs a step that restores something. A failure is reported, and the change stays in the journal.</summary>
    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (ZcrxException exception)
        {
            Say($"{interfaceName}: could not be brought back: {exception.Message}");
        }
    }

    private void Say(string text) => report?.Invoke(text);
}
