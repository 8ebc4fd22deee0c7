namespace Zcrx.Interop.Tests.Capabilities;

public class HostFactsTests
{
    private const string RootStatus = "Name:\tapp\nGid:\t0\t0\t0\t0\nGroups:\t0 4 27 \nCapInh:\t0000000000000000\nCapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\nSeccomp:\t0\nSeccomp_filters:\t0\n";
    private const string UserStatus = "Name:\tapp\nGid:\t1000\t1000\t1000\t1000\nGroups:\t24 27 990 \nCapEff:\t0000000000000000\nSeccomp:\t0\n";
    private const string InitialNamespace = "         0          0 4294967295\n";
    private const string OwnNamespace = "         0       1000          1\n";

    [Fact]
    public void Root_has_all_permissions()
    {
        var facts = Parse(RootStatus);

        Assert.True(facts.HasNetAdmin);
        Assert.True(facts.HasIpcLock);
        Assert.True(facts.HasSysAdmin);
        Assert.True(facts.InitialUserNamespace);
        Assert.False(facts.SeccompFilter);
        Assert.Null(facts.EffectiveLockedMemoryLimit);
        Assert.Null(facts.WhyNoRing());
        Assert.Null(facts.WhyNoRegistration());
        Assert.Equal("7.2.12", facts.KernelRelease);
        Assert.Equal(4096, facts.PageSize);
    }

    [Fact]
    public void Unprivileged_user_may_set_up_a_ring_but_not_register()
    {
        var facts = Parse(UserStatus);

        Assert.False(facts.HasNetAdmin);
        Assert.Null(facts.WhyNoRing());
        Assert.Equal("this process does not have the capability CAP_NET_ADMIN", facts.WhyNoRegistration());
        Assert.Equal(8UL << 20, facts.EffectiveLockedMemoryLimit);
    }

    [Theory]
    [InlineData(12, true, false, false)]
    [InlineData(14, false, true, false)]
    [InlineData(21, false, false, true)]
    [InlineData(40, false, false, false)]
    public void Each_capability_is_read_from_its_bit(int bit, bool netAdmin, bool ipcLock, bool sysAdmin)
    {
        var facts = Parse($"CapEff:\t{1UL << bit:x16}\n");

        Assert.Equal((netAdmin, ipcLock, sysAdmin), (facts.HasNetAdmin, facts.HasIpcLock, facts.HasSysAdmin));
    }

    [Fact]
    public void A_capability_inside_a_user_namespace_does_not_count()
    {
        var facts = Parse(RootStatus, uidMap: OwnNamespace, disabled: "1\n");

        Assert.True(facts.HasNetAdmin);
        Assert.False(facts.InitialUserNamespace);
        Assert.Equal(8UL << 20, facts.EffectiveLockedMemoryLimit);
        Assert.Contains("kernel.io_uring_disabled is 1", facts.WhyNoRing(), StringComparison.Ordinal);
        Assert.Contains("user namespace only", Parse(RootStatus, uidMap: OwnNamespace).WhyNoRegistration(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, IoUringAccess.Everyone)]
    [InlineData("", IoUringAccess.Everyone)]
    [InlineData("0\n", IoUringAccess.Everyone)]
    [InlineData("1\n", IoUringAccess.PrivilegedOrGroup)]
    [InlineData("2\n", IoUringAccess.Nobody)]
    [InlineData("3\n", IoUringAccess.Nobody)]
    [InlineData("nonsense", IoUringAccess.Everyone)]
    public void Access_to_io_uring_is_read_from_the_sysctl_even_if_it_is_absent(string? text, IoUringAccess expected) =>
        Assert.Equal(expected, Parse(RootStatus, disabled: text).IoUringAccess);

    [Theory]
    [InlineData("2\n", "-1\n", RootStatus, false)]
    [InlineData("1\n", "-1\n", RootStatus, true)]
    [InlineData("1\n", "-1\n", UserStatus, false)]
    [InlineData("1\n", "990\n", UserStatus, true)]
    [InlineData("1\n", "1000\n", UserStatus, true)]
    [InlineData("1\n", "99\n", UserStatus, false)]
    [InlineData("1\n", null, UserStatus, false)]
    [InlineData("0\n", "-1\n", UserStatus, true)]
    public void WhyNoRing_follows_the_sysctl_the_group_and_the_capability(string disabled, string? group, string status, bool allowed) =>
        Assert.Equal(allowed, Parse(status, disabled: disabled, group: group).WhyNoRing() is null);

    [Fact]
    public void Seccomp_filter_of_a_container_is_read() =>
        Assert.True(Parse("CapEff:\t00000000a80425fb\nSeccomp:\t2\n").SeccompFilter);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("CapEff:")]
    [InlineData("CapEff:\t\nSeccomp:\tx\nGid:\nGroups:")]
    [InlineData("CapEffective:\t0000000000000000\nXCapEff:\t0000000000000000")]
    public void Permission_that_cannot_be_read_counts_as_granted(string? status)
    {
        var facts = HostFacts.Parse("7.2.12\n", 4096, status, uidMap: null, ioUringDisabled: null, ioUringGroup: null, lockedMemoryLimit: null);

        Assert.Null(facts.EffectiveCapabilities);
        Assert.True(facts.HasNetAdmin);
        Assert.False(facts.SeccompFilter);
        Assert.False(facts.InIoUringGroup);
        Assert.Null(facts.WhyNoRegistration());
    }

    [Fact]
    public void Facts_of_this_process_are_read()
    {
        var facts = HostFacts.Read();

        Assert.Equal(Environment.SystemPageSize, facts.PageSize);
        Assert.Matches("^[0-9]+\\.[0-9]+", facts.KernelRelease);
        Assert.DoesNotContain('\n', facts.KernelRelease);
        Assert.NotNull(facts.EffectiveCapabilities);
    }

    private static HostFacts Parse(string status, string uidMap = InitialNamespace, string? disabled = "0\n", string? group = "-1\n") =>
        HostFacts.Parse("7.2.12\n", 4096, status, uidMap, disabled, group, lockedMemoryLimit: 8 << 20);
}
