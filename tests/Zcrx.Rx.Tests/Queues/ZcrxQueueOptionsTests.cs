using FsCheck;
using FsCheck.Fluent;
using Zcrx.Interop;

namespace Zcrx.Rx.Tests.Queues;

public class ZcrxQueueOptionsTests
{
    private static readonly int Page = Environment.SystemPageSize;

    /// <summary>Lists changes that make an option invalid. Each entry has the configuration path that the error must contain.</summary>
    private static readonly (string Path, Func<ZcrxQueueOptions, ZcrxQueueOptions> Break)[] Mistakes =
    [
        ("Name", static options => options with { Name = " " }),
        ("Name", static options => options with { Name = null! }),
        ("Engine", static options => options with { Engine = (ZcrxEngine)17 }),
        ("Interface", static options => options with { Engine = ZcrxEngine.Nic, Interface = null }),
        ("Interface", static options => options with { Interface = "" }),
        ("Interface", static options => options with { Interface = "a-name-of-16-cha" }),
        ("RxQueue", static options => options with { RxQueue = -1 }),
        ("AreaSize", static options => options with { AreaSize = -1 }),
        ("AreaSize", static options => options with { AreaSize = (1L << 30) + 1 }),
        ("MaxAreaSize", static options => options with { MaxAreaSize = options.AreaSize - 1 }),
        ("BufferLength", static options => options with { BufferLength = 1000 }),
        ("BufferLength", static options => options with { BufferLength = -4096 }),
        ("BufferLength", static options => options with { BufferLength = 1 << 30 }),
        ("DmaBuf:Length", static options => options with { DmaBuf = new DmaBufArea(3, DmaBufArea.MaxLength + (nuint)Page) }),
        ("CompletionEntries", static options => options with { CompletionEntries = 63 }),
        ("CompletionEntries", static options => options with { CompletionEntries = 65537 }),
        ("SubmissionEntries", static options => options with { SubmissionEntries = 7 }),
        ("SubmissionEntries", static options => options with { SubmissionEntries = 40000, CompletionEntries = 65536 }),
        ("SubmissionEntries", static options => options with { SubmissionEntries = 8192, CompletionEntries = 4096 }),
        ("HighWaterMark", static options => options with { HighWaterMark = 1.01, LowWaterMark = 0.5 }),
        ("HighWaterMark", static options => options with { HighWaterMark = double.NaN }),
        ("LowWaterMark", static options => options with { LowWaterMark = 0 }),
        ("LowWaterMark", static options => options with { LowWaterMark = double.NaN }),
        ("LowWaterMark", static options => options with { HighWaterMark = 0.5, LowWaterMark = 0.5 }),
        ("ConnectionQuota", static options => options with { ConnectionQuota = -1 }),
        ("NotificationInterval", static options => options with { NotificationInterval = TimeSpan.Zero }),
        ("NotificationInterval", static options => options with { NotificationInterval = TimeSpan.MaxValue }),
        ("ReceiveStallTimeout", static options => options with { ReceiveStallTimeout = TimeSpan.Zero }),
        ("ReceiveStallTimeout", static options => options with { ReceiveStallTimeout = TimeSpan.FromDays(2) }),
        ("UnobservedTimeout", static options => options with { UnobservedTimeout = TimeSpan.Zero }),
        ("PeerCloseTimeout", static options => options with { PeerCloseTimeout = TimeSpan.FromTicks(-1) }),
        ("PeerCloseTimeout", static options => options with { PeerCloseTimeout = TimeSpan.FromDays(2) }),
        ("SpinBeforeSleep", static options => options with { SpinBeforeSleep = TimeSpan.FromTicks(-1) }),
        ("SpinBeforeSleep", static options => options with { SpinBeforeSleep = TimeSpan.FromMilliseconds(10) + TimeSpan.FromTicks(1) }),
        ("WhenConsumerFails", static options => options with { WhenConsumerFails = (ConsumerFailureAction)7 }),
        ("StatisticsInterval", static options => options with { StatisticsInterval = TimeSpan.FromTicks(1) }),
        ("StatisticsInterval", static options => options with { StatisticsInterval = TimeSpan.FromDays(60) }),
        ("Emulation", static options => options with { Emulation = null! }),
        ("Emulation:BuffersPerTurn", static options => options with { Emulation = new EmulatedKernelOptions { BuffersPerTurn = 0 } }),
        ("Emulation:BuffersPerTurn", static options => options with { Emulation = new EmulatedKernelOptions { BuffersPerTurn = 1025 } }),
        ("Emulation:Profile", static options => options with { Emulation = new EmulatedKernelOptions { Profile = null! } }),
        ("TimeProvider", static options => options with { TimeProvider = null! }),
    ];

    public static TheoryData<int> EachMistake => [.. Enumerable.Range(0, Mistakes.Length)];

    [Fact]
    public void The_defaults_are_valid() => Assert.Empty(new ZcrxQueueOptions().Validate());

    [Theory]
    [MemberData(nameof(EachMistake))]
    public void Each_invalid_option_is_reported_with_its_path(int index)
    {
        (string path, Func<ZcrxQueueOptions, ZcrxQueueOptions> mistake) = Mistakes[index];
        IReadOnlyList<ZcrxConfigurationError> errors = mistake(new ZcrxQueueOptions()).Validate("Zcrx:Queues:0");
        Assert.Contains(errors, error => error.Path == $"Zcrx:Queues:0:{path}");
        Assert.All(errors, static error => Assert.NotEmpty(error.Message));
    }

    [Fact]
    public void All_invalid_options_are_reported_at_once() => Prop
        .ForAll(
            // Each option gets at most one mistake, because a second one would overwrite the first.
            Gen.Choose(0, Mistakes.Length - 1).ListOf(8).Select(static indices => indices.DistinctBy(static index => Mistakes[index].Path.Split(':')[0]).ToArray()).ToArbitrary(),
            static indices =>
            {
                // Leaves out mistakes that the change of another option could repair.
                int[] simple = [.. indices.Where(static index => Mistakes[index].Path is not ("Engine" or "SubmissionEntries" or "LowWaterMark" or "MaxAreaSize"))];
                ZcrxQueueOptions options = simple.Aggregate(new ZcrxQueueOptions(), static (options, index) => Mistakes[index].Break(options));
                HashSet<string> found = [.. options.Validate().Select(static error => error.Path)];
                Assert.All(simple, index => Assert.Contains(Mistakes[index].Path, found));
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Smallest_and_largest_values_are_valid()
    {
        Assert.Empty(new ZcrxQueueOptions { AreaSize = 2L * Page, CompletionEntries = 64, SubmissionEntries = 8, HighWaterMark = 1, LowWaterMark = 0.01 }.Validate());
        Assert.Empty(new ZcrxQueueOptions { AreaSize = 1L << 30, CompletionEntries = 65536, SubmissionEntries = 32768, Interface = "fifteen-letters", Engine = ZcrxEngine.Nic }.Validate());
        Assert.Empty(new ZcrxQueueOptions { DmaBuf = new DmaBufArea(3, DmaBufArea.MaxLength) }.Validate());
    }

    public static TheoryData<string> Names => [.. typeof(ZcrxQueueOptions).GetProperties().Select(static property => property.Name)];

    /// <summary>
    /// Tests for every option whether a change affects the registration or only the ring. A new option must be added here.
    /// </summary>
    [Theory, MemberData(nameof(Names))]
    public void Option_belongs_to_the_registration_or_to_the_ring(string name)
    {
        ZcrxQueueOptions usual = new();
        (ZcrxQueueOptions Other, bool IsShared) changed = name switch
        {
            nameof(usual.Engine) => (usual with { Engine = ZcrxEngine.DeviceLess }, false),
            nameof(usual.Interface) => (usual with { Interface = "eth0" }, false),
            nameof(usual.RxQueue) => (usual with { RxQueue = 1 }, false),
            nameof(usual.ConfigureNic) => (usual with { ConfigureNic = true }, false),
            nameof(usual.NicStateDirectory) => (usual with { NicStateDirectory = "/run/other" }, false),
            nameof(usual.AreaSize) => (usual with { AreaSize = usual.AreaSize * 2 }, false),
            nameof(usual.BufferLength) => (usual with { BufferLength = 2 * Page }, false),
            nameof(usual.HugePages) => (usual with { HugePages = true }, false),
            nameof(usual.SharedMemory) => (usual with { SharedMemory = true }, false),
            nameof(usual.DmaBuf) => (usual with { DmaBuf = new DmaBufArea(3, 4096) }, false),
            nameof(usual.Emulation) => (usual with { Emulation = new EmulatedKernelOptions { BuffersPerTurn = 1 } }, false),
            nameof(usual.Name) => (usual with { Name = "other" }, true),
            nameof(usual.NicReport) => (usual with { NicReport = static _ => { } }, true),
            nameof(usual.MaxAreaSize) => (usual with { MaxAreaSize = usual.AreaSize * 2 }, true),
            nameof(usual.BusyPoll) => (usual with { BusyPoll = TimeSpan.FromMilliseconds(1) }, true),
            nameof(usual.PreferBusyPoll) => (usual with { PreferBusyPoll = true }, true),
            nameof(usual.SpinBeforeSleep) => (usual with { SpinBeforeSleep = TimeSpan.FromMicroseconds(30) }, true),
            nameof(usual.CompletionEntries) => (usual with { CompletionEntries = 8192 }, true),
            nameof(usual.SubmissionEntries) => (usual with { SubmissionEntries = 1024 }, true),
            nameof(usual.HighWaterMark) => (usual with { HighWaterMark = 0.9 }, true),
            nameof(usual.LowWaterMark) => (usual with { LowWaterMark = 0.1 }, true),
            nameof(usual.ConnectionQuota) => (usual with { ConnectionQuota = 1 }, true),
            nameof(usual.NotificationInterval) => (usual with { NotificationInterval = TimeSpan.FromHours(1) }, true),
            nameof(usual.ReceiveStallTimeout) => (usual with { ReceiveStallTimeout = TimeSpan.FromHours(1) }, true),
            nameof(usual.UnobservedTimeout) => (usual with { UnobservedTimeout = TimeSpan.FromHours(1) }, true),
            nameof(usual.WhenConsumerFails) => (usual with { WhenConsumerFails = ConsumerFailureAction.Close }, true),
            nameof(usual.MaxCopiedFrameBytes) => (usual with { MaxCopiedFrameBytes = 1 }, true),
            nameof(usual.DescriptorReserve) => (usual with { DescriptorReserve = 1 }, true),
            nameof(usual.PeerCloseTimeout) => (usual with { PeerCloseTimeout = TimeSpan.FromHours(1) }, true),
            nameof(usual.BusyTimeout) => (usual with { BusyTimeout = TimeSpan.FromHours(1) }, true),
            nameof(usual.StatisticsInterval) => (usual with { StatisticsInterval = TimeSpan.FromHours(1) }, true),
            nameof(usual.RecordLeaseOrigins) => (usual with { RecordLeaseOrigins = true }, true),
            nameof(usual.CheckBorrows) => (usual with { CheckBorrows = true }, true),
            nameof(usual.TimeProvider) => (usual with { TimeProvider = new StoppedClock() }, true),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "Does it belong to the registration?"),
        };

        Assert.NotEqual(usual, changed.Other);
        Assert.Equal(changed.IsShared, changed.Other.SharesRegistrationWith(usual));
        Assert.True(changed.Other.SharesRegistrationWith(changed.Other with { }));
    }

    private sealed class StoppedClock : TimeProvider;
}
