using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Zcrx.Rx.Limits;

namespace Zcrx.Rx.Tests.Limits;

/// <summary>Tests the rules of the limits over generated sequences of connections, descriptors and times.</summary>
public class LimitRuleTests
{
    [Fact]
    public void Connections_are_admitted_exactly_up_to_both_limits() => Prop.ForAll(
        Gen.Choose(0, 60).SelectMany(count => Gen.Choose(0, 5).ListOf(count)).ToArbitrary(),
        Gen.Choose(0, 5).SelectMany(static most => Gen.Choose(0, 3).Select(perAddress => (most, perAddress))).ToArbitrary(),
        static (steps, limits) =>
        {
            AdmissionRule rule = new(limits.most, limits.perAddress);
            List<int> open = [];
            foreach (int step in steps)
            {
                // Steps 0 to 2 open a connection from one of three addresses. Steps 3 to 5 close the oldest connection from that address.
                int address = step % 3;
                if (step > 2)
                {
                    if (open.Remove(address))
                    {
                        rule.Leave(Address(address));
                    }

                    continue;
                }

                ZcrxLimit? expected = limits.most > 0 && open.Count >= limits.most ? ZcrxLimit.MaxConnections
                    : limits.perAddress > 0 && open.Count(other => other == address) >= limits.perAddress ? ZcrxLimit.MaxConnectionsPerAddress
                    : null;
                if (rule.Enter(Address(address)) != expected)
                {
                    return false;
                }

                if (expected is null)
                {
                    open.Add(address);
                }
            }

            return rule.Count == open.Count;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("10.0.0.1", "10.0.0.2", false)]
    public void IPv6_host_counts_with_its_prefix(string first, string second, bool isOneHost)
    {
        AdmissionRule rule = new(0, 1);
        Assert.Null(rule.Enter(IPAddress.Parse(first)));
        Assert.Equal(isOneHost ? ZcrxLimit.MaxConnectionsPerAddress : null, rule.Enter(IPAddress.Parse(second)));
    }

    [Fact]
    public void Connection_without_an_address_counts_only_for_the_whole_listener()
    {
        AdmissionRule rule = new(3, 1);
        Assert.Null(rule.Enter(null));
        Assert.Null(rule.Enter(null));
        Assert.Null(rule.Enter(Address(1)));
        Assert.Equal(ZcrxLimit.MaxConnections, rule.Enter(null));
        Assert.Equal(3, rule.Count);
        rule.Leave(null);
        Assert.Equal(2, rule.Count);
        Assert.Equal(ZcrxLimit.MaxConnectionsPerAddress, rule.Enter(Address(1)));
        Assert.Null(rule.Enter(null));
    }

    [Fact]
    public void IPv6_host_may_connect_again_after_a_connection_of_its_prefix_has_left()
    {
        AdmissionRule rule = new(0, 1);
        Assert.Null(rule.Enter(IPAddress.Parse("2001:db8:1:2::1")));
        rule.Leave(IPAddress.Parse("2001:db8:1:2::1"));
        Assert.Null(rule.Enter(IPAddress.Parse("2001:db8:1:2::2")));
        Assert.Equal(1, rule.Count);
    }

    [Fact]
    public void Silence_is_measured_from_the_last_use_and_only_while_the_peer_is_at_fault() => Prop.ForAll(
        Gen.Choose(0, 60).SelectMany(count => Check.ListOf(count)).ToArbitrary(),
        static checks =>
        {
            const long FirstByte = 30;
            const long Idle = 50;
            SilenceMachine machine = default;
            long now = 0;
            long received = 0;
            long sends = 0;
            long since = -1;
            foreach ((int elapsed, int what) in checks)
            {
                now += elapsed;
                received += what == 1 ? 1 : 0;
                sends += what == 2 ? 1 : 0;
                bool isPeerAtFault = what != 3;
                if (since < 0 || what is 1 or 2 or 3)
                {
                    since = now;
                }

                bool wasUsed = received + sends > 0;
                ZcrxLimit? expected = now - since < (wasUsed ? Idle : FirstByte) ? null : wasUsed ? ZcrxLimit.IdleTimeout : ZcrxLimit.FirstByteTimeout;
                if (machine.Look(now, received, sends, isPeerAtFault, FirstByte, Idle) != expected)
                {
                    return false;
                }
            }

            return true;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Silence_is_measured_again_from_a_restart()
    {
        SilenceMachine machine = default;
        Assert.Null(machine.Look(0, 0, 0, isPeerAtFault: true, firstByte: 30, idle: 50));
        Assert.Equal(ZcrxLimit.FirstByteTimeout, machine.Look(30, 0, 0, isPeerAtFault: true, firstByte: 30, idle: 50));
        machine.Restart(40);
        Assert.Null(machine.Look(69, 0, 0, isPeerAtFault: true, firstByte: 30, idle: 50));
        Assert.Equal(ZcrxLimit.FirstByteTimeout, machine.Look(70, 0, 0, isPeerAtFault: true, firstByte: 30, idle: 50));
    }

    [Fact]
    public void Tally_reports_everything_once_and_each_limit_at_most_once_per_interval_and_last_in_its_current_state() => Prop.ForAll(
        Gen.Choose(0, 60).SelectMany(count => TallyStep.ListOf(count)).ToArbitrary(),
        static steps =>
        {
            const long Interval = 20;
            LimitTally tally = new(Interval);
            Dictionary<ZcrxLimit, long> added = [];
            Dictionary<ZcrxLimit, long> reported = [];
            Dictionary<ZcrxLimit, bool> acts = [];
            Dictionary<ZcrxLimit, bool> reportedActs = [];
            // The time of the last report for each limit. A report that the limit has ended counts separately.
            Dictionary<(ZcrxLimit, bool IsEnd), long> lastAt = [];
            long now = 0;
            foreach ((int elapsed, int what, bool isEnd) in steps)
            {
                now += elapsed;
                ZcrxLimit limit = (ZcrxLimit)what;
                if (isEnd)
                {
                    tally.End(limit, null, "");
                    acts[limit] = false;
                }
                else
                {
                    added[limit] = added.GetValueOrDefault(limit) + 1;
                    tally.Add(limit, null, null, "");
                    acts[limit] = true;
                }

                if (!Take(now) || tally.Due <= now)
                {
                    return false;
                }
            }

            return Take(now + Interval)
                && tally.Due == long.MaxValue
                && added.OrderBy(static pair => pair.Key).SequenceEqual(reported.OrderBy(static pair => pair.Key))
                && acts.All(pair => reportedActs.GetValueOrDefault(pair.Key) == pair.Value);

            bool Take(long time)
            {
                foreach (LimitReport report in tally.Take(time))
                {
                    bool isEnd = report.Count == 0;
                    bool isTooEarly = lastAt.TryGetValue((report.Limit, isEnd), out long last) && time - last < Interval;
                    // The end of a limit may be reported only if the limit itself was reported before.
                    if (isTooEarly || (isEnd && !reportedActs.GetValueOrDefault(report.Limit)))
                    {
                        return false;
                    }

                    lastAt[(report.Limit, isEnd)] = time;
                    reportedActs[report.Limit] = !isEnd;
                    if (!isEnd)
                    {
                        reported[report.Limit] = reported.GetValueOrDefault(report.Limit) + report.Count;
                    }
                }

                return true;
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Accepting_stops_below_the_reserve_and_resumes_only_well_above_it() => Prop.ForAll(
        Gen.Choose(0, 60).SelectMany(count => Gen.Choose(0, 120).ListOf(count)).ToArbitrary(),
        static frees =>
        {
            const int Reserve = 40;
            DescriptorMachine machine = new();
            foreach (int free in frees)
            {
                bool wasHolding = machine.IsHolding;
                bool expected = free < Reserve || (wasHolding && free < Reserve + 10);
                if (machine.Look(free, Reserve) != (expected != wasHolding) || machine.IsHolding != expected)
                {
                    return false;
                }
            }

            machine.Look(0, 0);
            return !machine.IsHolding;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(100, 1000, 100)]
    [InlineData(300, 1000, 250)]
    [InlineData(0, 1000, 0)]
    public void Reserve_is_at_most_a_quarter_of_the_limit(int configured, int limit, int reserve) => Assert.Equal(reserve, DescriptorMachine.ReserveOf(configured, limit));

    [Fact]
    public void Small_reserve_needs_eight_more_descriptors_to_resume()
    {
        DescriptorMachine machine = new();
        Assert.False(machine.Look(4, 4));
        Assert.True(machine.Look(3, 4));
        Assert.False(machine.Look(11, 4));
        Assert.True(machine.IsHolding);
        Assert.True(machine.Look(12, 4));
        Assert.False(machine.IsHolding);
        // Without a reserve, the queue always accepts, even if more descriptors are open than the limit allows.
        Assert.False(machine.Look(-1, 0));
    }

    private static Gen<(int Elapsed, int What)> Check => Gen.Choose(0, 25).SelectMany(static elapsed => Gen.Choose(0, 3).Select(what => (elapsed, what)));

    private static Gen<(int Elapsed, int What, bool IsEnd)> TallyStep =>
        Check.SelectMany(static step => Gen.Elements(true, false).Select(isEnd => (step.Elapsed, step.What, isEnd)));

    private static IPAddress Address(int number) => new([10, 0, 0, (byte)number]);
}
