using Zcrx.Interop;
using Zcrx.Rx.Engines;

namespace Zcrx.Rx.Tests.Engines;

public class EngineSelectorTests
{
    private const string Root = "CapEff:\t000001ffffffffff\n";
    private const string User = "CapEff:\t0000000000000000\n";

    /// <summary>
    /// Gets cases: the kernel, whether the process is privileged, whether an interface is configured, the expected engine, and words of the
    /// expected reason.
    /// </summary>
    public static TheoryData<string, bool, bool, ZcrxEngine, string[]> Choices => new()
    {
        { "7.3", true, true, ZcrxEngine.Nic, ["RX queue 3 of eth0"] },
        { "6.19", true, true, ZcrxEngine.Nic, ["RX queue 3 of eth0"] },
        { "7.3", true, false, ZcrxEngine.DeviceLess, ["no interface is configured", "device-less"] },
        { "7.1", true, false, ZcrxEngine.DeviceLess, ["no interface is configured", "device-less"] },
        { "7.0", true, false, ZcrxEngine.Emulated, ["no interface is configured", "device-less mode needs Linux 7.1"] },
        { "6.19", true, false, ZcrxEngine.Emulated, ["device-less mode needs Linux 7.1"] },
        { "7.3", false, true, ZcrxEngine.Emulated, ["no NIC queue, because", "CAP_NET_ADMIN"] },
        { "7.3", false, false, ZcrxEngine.Emulated, ["no interface is configured", "CAP_NET_ADMIN"] },
        { "6.19", false, true, ZcrxEngine.Emulated, ["no NIC queue, because", "CAP_NET_ADMIN", "device-less mode needs Linux 7.1"] },
    };

    [Theory]
    [MemberData(nameof(Choices))]
    public void Auto_chooses_the_best_available_engine_and_names_the_reason(string release, bool isRoot, bool withInterface, ZcrxEngine expected, string[] words)
    {
        EngineChoice choice = Choose(ZcrxEngine.Auto, release, isRoot ? Root : User, withInterface ? "eth0" : null);
        Assert.Equal(expected, choice.Engine);
        Assert.All(words, word => Assert.Contains(word, choice.Reason, StringComparison.Ordinal));
        Assert.StartsWith(choice.Name + ": ", choice.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', choice.Reason);
    }

    [Theory]
    [InlineData(ZcrxEngine.Nic)]
    [InlineData(ZcrxEngine.DeviceLess)]
    [InlineData(ZcrxEngine.Emulated)]
    public void Configured_engine_is_chosen_even_if_it_is_not_available(ZcrxEngine engine)
    {
        Assert.Equal(engine, Choose(engine, "6.19", User, "eth0").Engine);
        Assert.Equal(engine, Choose(engine, "7.3", Root, null).Engine);
    }

    [Theory]
    [InlineData("2\n", "-1\n")]
    [InlineData("1\n", "-1\n")]
    public void Io_uring_that_is_switched_off_leads_to_the_emulation(string disabled, string group)
    {
        EngineChoice choice = EngineSelector.Choose(ZcrxEngine.Auto, "eth0", 0, Capabilities("7.3"), Host(User, disabled, group), static () => null);
        Assert.Equal(ZcrxEngine.Emulated, choice.Engine);
        Assert.Contains("kernel.io_uring_disabled", choice.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Engine_io_uring_that_is_not_available_leads_to_the_emulation()
    {
        EngineChoice choice = EngineSelector.Choose(ZcrxEngine.IoUring, null, 0, Capabilities("7.3"), Host(Root), static () => "a filter forbids it");

        Assert.Equal(ZcrxEngine.Emulated, choice.Engine);
        Assert.Equal("not io_uring, which is configured, because a filter forbids it", choice.Reason);
    }

    [Theory]
    [InlineData("7.3", Root)]
    [InlineData("6.19", User)]
    public void Engine_io_uring_that_is_available_is_used(string release, string status) =>
        Assert.Equal(new EngineChoice(ZcrxEngine.IoUring, "explicitly configured"), Choose(ZcrxEngine.IoUring, release, status, null));

    [Fact]
    public void A_capability_inside_a_user_namespace_does_not_count()
    {
        HostFacts host = HostFacts.Parse("7.3.0", 4096, Root, "0 1000 1\n", "0\n", "-1\n", null);
        EngineChoice choice = EngineSelector.Choose(ZcrxEngine.Auto, null, 0, Capabilities("7.3"), host, static () => null);
        Assert.Equal(ZcrxEngine.Emulated, choice.Engine);
        Assert.Contains("user namespace", choice.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_combination_has_a_choice_and_never_one_that_is_known_to_fail()
    {
        foreach (EmulatedKernelProfile profile in EmulatedKernelProfile.All)
        {
            foreach (string status in new[] { Root, User, "" })
            {
                foreach (string? networkInterface in new[] { null, "eth0" })
                {
                    EngineChoice choice = Choose(ZcrxEngine.Auto, profile.Name, status, networkInterface);
                    Assert.NotEqual(ZcrxEngine.Auto, choice.Engine);
                    Assert.NotEmpty(choice.Reason);
                    Assert.False(choice.Engine == ZcrxEngine.Nic && networkInterface is null);
                    Assert.False(choice.Engine != ZcrxEngine.Emulated && status == User);
                    Assert.False(choice.Engine == ZcrxEngine.DeviceLess && !Capabilities(profile.Name).DeviceLess);
                }
            }
        }
    }

    private static EngineChoice Choose(ZcrxEngine engine, string release, string status, string? networkInterface) =>
        EngineSelector.Choose(engine, networkInterface, 3, Capabilities(release), Host(status), static () => null);

    private static ZcrxCapabilities Capabilities(string release) =>
        ZcrxCapabilities.Query(new EmulatedKernel(new EmulatedKernelOptions { Profile = EmulatedKernelProfile.ForRelease(release)! }));

    private static HostFacts Host(string status, string disabled = "0\n", string group = "-1\n") =>
        HostFacts.Parse("7.3.0", 4096, status, "0 0 4294967295\n", disabled, group, null);
}
