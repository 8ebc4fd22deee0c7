using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Zcrx.Interop.Nic;
using Zcrx.Interop.Nic.Setup;

namespace Zcrx.Interop;

/// <summary>
/// Sets an interface up for zero copy when its queues and ports are claimed. Turns header/data split on, removes claimed RX queues from the
/// RSS table, and adds flow rules for claimed ports. Restores these settings when the claims are disposed.
/// </summary>
/// <remarks>
/// A process must create only one object per interface. Threading: any thread. With a <see cref="NicChangeJournal"/> as
/// <paramref name="steering"/>, changes are also undone after a crash.
/// </remarks>
/// <param name="interfaceName">The name of the interface.</param>
/// <param name="facts">Reads the state of the interface.</param>
/// <param name="steering">Changes the interface.</param>
/// <param name="report">Receives a line for each change; null for none. Must not throw.</param>
/// <param name="leasing">Leases queues to containers; null when <see cref="LeaseQueue"/> is not used.</param>
public sealed class NicSetup(string interfaceName, INicFacts facts, IFlowSteering steering, Action<string>? report = null, IQueueLeasing? leasing = null)
{
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FreePoll = TimeSpan.FromMilliseconds(5);

    // Lock order: this lock, then the lock of the journal, which makes the changes.
    private readonly Lock _gate = new();
    private readonly Dictionary<int, int> _queues = [];
    private readonly List<PortClaim> _ports = [];
    private IReadOnlyList<int> _original = [];
    private IReadOnlyList<int>? _carved;
    private SplitSetting? _splitBefore;

    /// <summary>Creates the set-up of an interface. All changes are recorded in the journal for the interfaces of the kernel.</summary>
    /// <param name="nics">The interfaces of the kernel.</param>
    /// <param name="interfaceName">The name of the interface.</param>
    /// <param name="stateDirectory">The directory of journals on disk, as for <see cref="NicChangeJournal.OfThisProcess"/>.</param>
    /// <param name="report">Receives a line for each change; null for none. Must not throw.</param>
    /// <returns>The set-up, which has changed nothing yet.</returns>
    /// <exception cref="ZcrxException">The directory cannot be written.</exception>
    public static NicSetup For(INicControl nics, string interfaceName, string? stateDirectory = null, Action<string>? report = null)
    {
        ArgumentNullException.ThrowIfNull(nics);
        return new NicSetup(interfaceName, nics.Facts, NicChangeJournal.For(nics, stateDirectory, report), report);
    }

    /// <summary>
    /// Claims an RX queue and sets the interface up for it. Call it before the zero-copy queue is registered. A queue may be claimed
    /// several times.
    /// </summary>
    /// <param name="queue">The index of the RX queue.</param>
    /// <returns>
    /// The claim. Dispose it after the zero-copy queue was closed. The last disposal restores the settings. It does not throw, but reports
    /// failures.
    /// </returns>
    /// <exception cref="ZcrxException">Another owner uses the queue, or the interface cannot be set up. Nothing has changed.</exception>
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
    /// Sets an interface up for an RX queue like <see cref="ClaimQueue"/>, and leases the queue to a container's netkit interface. This is
    /// the host's part of zero copy inside a container.
    /// </summary>
    /// <param name="queue">The index of the RX queue on this interface.</param>
    /// <param name="to">The container's interface.</param>
    /// <returns>
    /// The lease. Disposing it undoes the set-up, but the kernel's lease stays until the container's interface is deleted. Disposing does
    /// not throw, but reports failures.
    /// </returns>
    /// <exception cref="ZcrxException">Another owner uses the queue, or the queue cannot be leased. Nothing has changed.</exception>
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

    /// <summary>
    /// Steers the connections of a port to a claimed queue. If several queues claim the same port, the first one gets all new connections.
    /// Rebalancing later moves connections to the others.
    /// </summary>
    /// <param name="endPoint">The end point of the listening socket.</param>
    /// <param name="queue">The index of the RX queue.</param>
    /// <returns>The claim. Disposing it removes the flow rules. Disposing does not throw, but reports failures.</returns>
    /// <exception cref="ZcrxException">The interface does not support such rules, or its rule table is full.</exception>
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
            // Set split even if it is reported as on. A driver may split by default, but zero copy requires that split is explicitly
            // configured.
            steering.SetHeaderDataSplit(interfaceName, true, now.HdsThreshold is null ? null : 0);
            _splitBefore = SplitSetting.Of(now);
            Say($"{interfaceName}: {SteeringText.Of(new SplitSetting(true, now.HdsThreshold is null ? null : 0))} (was {SteeringText.Of(_splitBefore)})");
        }

        if (isFirst || !now.RssTable.SequenceEqual(_carved ?? _original))
        {
            // Remember the table at the first claim, to restore it later. Remember it again at a later claim if another program has
            // changed it.
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
            if (LeasedQueues.FirstReferenced(now, NicSetupPlan.Carve(now, _original, _queues.Keys.ToHashSet())) is { } leased)
            {
                // Both changes stay in the journal, so that they are undone after the container has closed its queue.
                Say(string.Create(CultureInfo.InvariantCulture, $"{interfaceName}: RSS table and header/data split are kept, because a container still receives on the leased RX queue {leased}"));
                return;
            }

            if (_carved is not null && now.RssTable.SequenceEqual(_carved))
            {
                SetTable(now, [.. _queues.Keys]);
            }
            else
            {
                Say($"{interfaceName}: the RSS table was changed by another program ({SteeringText.Of(now.RssTable)}), and is not changed");
            }

            if (_queues.Count == 0 && _splitBefore is { } before && before != SplitSetting.Of(now) && SplitSetting.Of(now) is { Split: true, Threshold: null or 0 })
            {
                steering.SetHeaderDataSplit(interfaceName, before.Split, before.Threshold);
                Say($"{interfaceName}: restored {SteeringText.Of(before)}");
            }
        }
    }

    /// <summary>
    /// Waits until the kernel has released a queue, which happens some time after its ring was closed. Before the release, other sockets
    /// cannot read packets that RSS sends to the queue, and header/data split cannot be changed. The kernel does not report the release, so
    /// the queue is polled.
    /// </summary>
    private NicFacts AwaitFree(int queue)
    {
        using ManualResetEventSlim never = new();
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            NicFacts now = facts.Read(interfaceName);
            // Do not wait for a leased queue, because a container may use it for any length of time.
            if (now.Queues.FirstOrDefault(other => other.Index == queue) is not { Provider: RxMemoryProvider.IoUring, Lease: null } || Stopwatch.GetElapsedTime(started) > ReleaseTimeout)
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
                // Another claim already has a rule for these packets. If there were two rules, it would depend on the NIC which one
                // applies.
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
                // Keep the rule for the first address family. Connections of the second family are received with a copy.
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
                    // Another claim has the same port and queue, so it takes over the rule.
                    claim.Rules.Remove(family, out int rule);
                    same.Rules.Add(family, rule);
                    continue;
                }

                // Remove the old rule before the new one is added. The table may be full, or the NIC may refuse two rules for the same
                // packets. Packets that arrive between the two steps are copied.
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

    /// <summary>
    /// Runs a step that restores a setting. If the step fails, reports the failure. The change then stays in the journal.
    /// </summary>
    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (ZcrxException exception)
        {
            Say($"{interfaceName}: could not restore: {exception.Message}");
        }
    }

    private void Say(string text) => report?.Invoke(text);
}
